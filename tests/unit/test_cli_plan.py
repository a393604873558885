"""`homelab plan`: a table that a person can add up, a bar without gaps, JSON as it is promised."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hosts import facts
from hypothesis import given as drawn
from hypothesis import strategies as st
from rich.console import Console

from homelab.bars import Bar, Part
from homelab.budget import Budget, Disk, Line
from homelab.cli import run
from homelab.cli.ledger import StackedBar, ledger, shares
from homelab.figure import Figure


def number(value: int, unit: str = "MiB") -> Figure:
    return Figure(value, unit, ())


def line(consumer: str, kind: str, memory: tuple[int, int], replicas: int, cpu: tuple[int, int]) -> Line:
    return Line(
        consumer,
        kind,  # type: ignore[arg-type]
        number(memory[0]),
        number(memory[1]),
        number(replicas, ""),
        number(cpu[0], "m"),
        number(cpu[1], "m"),
    )


BY_HAND = Budget(
    host="desktop",
    total=number(10000),
    cores=number(4000, "m"),
    lines=(
        line("reserve", "reserve", (2000, 2000), 1, (400, 400)),
        line("headroom", "headroom", (200, 200), 1, (0, 0)),
        line("postgres", "service", (3200, 4000), 1, (1200, 2000)),
        line("extract", "burst", (640, 800), 3, (500, 2000)),
    ),
    free_mib=1400,
    disk=Disk("nvme", number(100, "GiB"), number(100, "GiB"), {}),
)

MEMORY = Bar(
    "memory",
    10000,
    "9.8 GiB",
    (
        Part("reserve", 2000, "", ()),
        Part("headroom", 200, "", ()),
        Part("postgres", 4000, "", ()),
        Part("nothing", 0, "", ()),
        Part("extract", 2400, "", ()),
        Part("free", 1400, "", ()),
    ),
)


def shown(budget: Budget, width: int, **console: object) -> list[str]:
    file = io.StringIO()
    options = {"file": file, "width": width, "highlight": False, **console}
    Console(**options).print(ledger(budget, "default", [MEMORY]))  # type: ignore[arg-type]
    return file.getvalue().splitlines()


@pytest.mark.parametrize("width", [80, 100, 140])
def test_the_table_shows_each_line_its_share_and_the_sum(width: int) -> None:
    rows = [" ".join(row.split()) for row in shown(BY_HAND, width)]
    assert rows[0] == "desktop · 9.8 GiB · 4 cores · profile default"
    assert rows[1] == "consumer kind request limit replicas in all of RAM CPU m"
    assert rows[3:8] == [
        "reserve reserve 2000 2000 2000 20.0 % 400",
        "headroom headroom 200 200 200 2.0 %",
        "postgres service 3200 4000 1 4000 40.0 % 1200 / 2000",
        "extract burst 640 800 1–3 2400 24.0 % 500 / 2000",
        "free page cache 1400 14.0 %",
    ]
    assert rows[9] == "sum 10000 100.0 % 3100 / 4000"


@pytest.mark.parametrize("width", [80, 100, 140])
def test_every_line_of_it_fits_the_screen(width: int) -> None:
    assert max(len(row.rstrip()) for row in shown(BY_HAND, width)) <= width


def test_the_bar_is_as_wide_as_the_screen_and_in_proportion() -> None:
    file = io.StringIO()
    Console(file=file, width=57).print(StackedBar(MEMORY))
    assert file.getvalue() == "memory |reserve  ||postgres           |extract    |free  \n"


def test_the_bar_has_colours_only_where_the_console_has() -> None:
    coloured = shown(BY_HAND, 80, force_terminal=True, color_system="256", no_color=False)
    assert any("\x1b[30;4" in row for row in coloured)
    without = shown(BY_HAND, 80, force_terminal=True, color_system="256", no_color=True)
    assert any(row.startswith("memory |reserve") for row in without)


@drawn(st.lists(st.integers(0, 10**6), min_size=1, max_size=25), st.integers(1, 300))
def test_cells_add_up_to_the_width_and_none_is_off_by_more_than_one(amounts: list[int], width: int) -> None:
    cells = shares(amounts, width)
    if not sum(amounts):
        assert cells == [0] * len(amounts)
        return
    assert sum(cells) == width
    for amount, count in zip(amounts, cells, strict=True):
        assert abs(count - amount * width / sum(amounts)) <= 1


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lab of a local and a remote host, whose facts were measured just now."""
    monkeypatch.setenv("HOMELAB_FILE", "")
    monkeypatch.setattr("homelab.planner.local_machine_id", lambda: None)
    path = tmp_path / "lab.yaml"
    path.write_text("version: 1\nhosts:\n  desktop: {address: local}\n  nas: {address: nas.lan, place: [nats]}\n")
    for host, ram in (("desktop", 32000), ("nas", 4000)):
        measured = json.loads(facts(ram, host=host).model_dump_json(by_alias=True))
        measured["homelab"]["audited_at"] = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        (tmp_path / "facts").mkdir(exist_ok=True)
        (tmp_path / "facts" / f"{host}.json").write_text(json.dumps(measured))
    return path


def test_json_is_plan_1_with_every_key_that_is_promised(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", "--json", "--lab", str(lab)]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["schema"] == "plan/1"
    assert [host["name"] for host in said["hosts"]] == ["desktop", "nas"]
    desktop = said["hosts"][0]
    assert desktop["total_mib"] == 32000
    assert {row["consumer"]: row["kind"] for row in desktop["lines"]}["extract"] == "burst"
    for row in desktop["lines"]:
        assert set(row) >= {
            *("consumer", "kind", "request_mib", "limit_mib", "replicas_min", "replicas_max"),
            *("cpu_request_m", "cpu_limit_m"),
        }
    assert sum(row["limit_mib"] * row["replicas_max"] for row in desktop["lines"]) <= 32000
    assert desktop["settings"]["postgres"]["shared_buffers"].endswith("MB")


def test_only_the_named_host_is_shown(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", "--host", "nas", "--lab", str(lab)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("nas · 3.9 GiB")
    assert "desktop" not in said


def test_an_unknown_host_is_wrong_usage_with_a_guess(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", "--host", "dekstop", "--lab", str(lab)]) == 2
    assert "'dekstop' is no host of lab.yaml; did you mean desktop?" in capsys.readouterr().err


def test_a_lab_that_places_nothing_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str], lab: Path) -> None:
    lab.write_text("version: 1\nhosts: {nas: {address: nas.lan, place: []}}\n")
    assert run(["plan", "--lab", str(lab)]) == 0
    assert capsys.readouterr().out == "nothing is placed on any host\n"


def test_a_page_is_written_whole_and_json_stays_alone_on_stdout(
    lab: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "ledger.html"
    assert run(["plan", "--html", str(file), "--json", "--lab", str(lab)]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["schema"] == "plan/1"
    assert said.err == f"{file} · open it in a browser, or print it on A3\n"
    assert file.read_text("utf-8").endswith("</html>\n")
    assert {path.name for path in tmp_path.iterdir()} == {"lab.yaml", "facts", "ledger.html"}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("away/ledger.html", "--html · {0}/away/ledger.html · no such file or directory · mkdir -p {0}/away"),
        ("facts", "--html · {0}/facts · is a directory · name another file"),
    ],
)
def test_a_page_that_cannot_be_written_is_one_line_and_leaves_nothing(
    name: str, said: str, lab: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["plan", "--html", str(tmp_path / name), "--lab", str(lab)]) == 1
    assert capsys.readouterr().err == said.format(tmp_path) + "\n"
    assert {path.name for path in tmp_path.iterdir()} == {"lab.yaml", "facts"}
