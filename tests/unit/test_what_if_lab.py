"""What if the lab were another: a machine more, less, larger; before and after, host by host."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from homelab.cli import run
from unit.hosts import facts


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A desktop with three stores and a NAS that has but one of its own, both measured just now."""
    monkeypatch.setenv("HOMELAB_FILE", "")
    path = tmp_path / "lab.yaml"
    path.write_text(
        "version: 1\nhosts:\n"
        "  desktop: {address: desktop.lan, place: [postgres, nats, litellm]}\n"
        "  nas: {address: nas.lan, place: [garage]}\n"
    )
    for host, ram in (("desktop", 16000), ("nas", 4000)):
        measured = json.loads(facts(ram, host=host).model_dump_json(by_alias=True))
        measured["homelab"]["audited_at"] = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        (tmp_path / "facts").mkdir(exist_ok=True)
        (tmp_path / "facts" / f"{host}.json").write_text(json.dumps(measured))
    return str(path)


class Asked:
    """`diff/1` of one question."""

    def __init__(self, said: dict[str, Any]) -> None:
        assert said["schema"] == "diff/1"
        self.before, self.after = said["before"], said["after"]
        self.changes = {(one["host"], one["name"]): (one["before"], one["after"]) for one in said["changes"]}
        self.nowhere = said["runs_nowhere"]

    def placed(self, host: str) -> list[str]:
        (one,) = (one for one in self.after["hosts"] if one["name"] == host)
        return [line["consumer"] for line in one["lines"][2:]]


def asked(lab: str, capsys: pytest.CaptureFixture[str], *arguments: str) -> Asked:
    assert run(["what-if", "--json", "--lab", lab, *arguments]) == 0
    return Asked(json.loads(capsys.readouterr().out))


def test_more_memory_shows_each_limit_and_setting_that_grows(lab: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = asked(lab, capsys, "--upgrade", "desktop", "--ram", "32GiB")
    assert (found.before["schema"], found.after["schema"]) == ("plan/1", "plan/1")
    assert found.changes["desktop", "host.total"] == ("16000 MiB", "31784 MiB")
    assert found.changes["desktop", "postgres.limit"] == ("4800 MiB", "12680 MiB")
    assert found.changes["desktop", "postgres.shared_buffers"] == ("1200MB", "3170MB")
    assert not [name for host, name in found.changes if host == "nas"]
    assert found.nowhere == []


def test_a_host_that_goes_takes_its_consumers_with_it(lab: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = asked(lab, capsys, "--remove", "nas")
    assert [host["name"] for host in found.after["hosts"]] == ["desktop"]
    assert found.changes["nas", "garage.limit"] == ("512 MiB", None)
    assert found.nowhere == ["garage"]


def test_what_moves_before_a_host_goes_runs_elsewhere(lab: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = asked(lab, capsys, "--remove", "nas", "--move", "garage=desktop")
    assert found.placed("desktop") == ["postgres", "litellm", "garage", "nats"]
    assert found.nowhere == []


def test_a_machine_more_takes_over_what_is_placed_on_it(lab: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = asked(lab, capsys, "--add", "pi5-8g", "--place", "nats", "--place", "embedder")
    assert found.placed("pi5-8g") == ["nats", "embedder"]
    assert found.placed("desktop") == ["postgres", "litellm"]


def test_unless_told_otherwise_a_machine_more_does_what_its_kind_is_for(
    lab: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked(lab, capsys, "--add", "jetson-orin-32g").placed("jetson-orin-32g") == ["llama-server"]
    assert asked(lab, capsys, "--add", "big", "--ram", "64GiB").placed("big") == ["ollama"]


def test_another_profile_goes_with_any_change(lab: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = asked(lab, capsys, "--move", "garage=nas", "--profile", "high-memory")
    assert {host["profile"] for host in found.after["hosts"]} == {"high-memory"}


def test_a_change_may_mend_a_lab_that_is_refused(lab: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = Path(lab).read_text()
    Path(lab).write_text(
        text.replace("[garage]", "[garage, litellm, openobserve, extract, graph, oxigraph, context-forge]")
    )
    found = asked(lab, capsys, "--move", "openobserve=desktop")
    assert (found.before["schema"], found.before["host"]) == ("refusal/1", "nas")
    assert "openobserve" in found.placed("desktop")
    assert run(["what-if", "--lab", lab, "--move", "openobserve=desktop"]) == 0
    assert "Today nas is refused: 208 MiB of memory are missing." in capsys.readouterr().out


def test_a_change_that_does_not_fit_is_refused_with_ways_out(lab: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["what-if", "--lab", lab, "--upgrade", "desktop", "--ram", "1GiB", "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert (said["schema"], said["host"]) == ("refusal/1", "desktop")
    assert said["ways_out"]


def test_people_see_what_changes_host_by_host(lab: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["what-if", "--lab", lab, "--move", "nats=nas"]) == 0
    rows = [" ".join(row.split()) for row in capsys.readouterr().out.splitlines()]
    assert rows[0] == "desktop · 15.6 GiB · profile low-memory"
    assert "nats 2400 – -2400" in rows
    assert "nats – 600 +600" in rows
    assert max(map(len, rows)) <= 100


def test_other_models_show_what_they_take_from_their_host(lab: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = asked(lab, capsys, "--move", "ollama=desktop", "--serve", "ollama=qwen3-0.6b")
    assert found.changes["desktop", "ollama.models"][1] == "hf.co/unsloth/Qwen3-0.6B-GGUF:Q8_0"
    assert not [name for host, name in found.changes if host == "nas"]


def test_models_alone_change_every_host_that_has_their_server(
    lab: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = Path(lab).read_text()
    Path(lab).write_text(text.replace("[postgres, nats, litellm]", "[postgres, nats, litellm, ollama]"))
    found = asked(lab, capsys, "--serve", "ollama=qwen3-0.6b")
    before, after = found.changes["desktop", "ollama.models"]
    assert ("Qwen3-1.7B" in before, after) == (True, "hf.co/unsloth/Qwen3-0.6B-GGUF:Q8_0")


def test_a_host_without_a_change_is_one_line(lab: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["what-if", "--lab", lab, "--upgrade", "desktop", "--ram", "64GiB"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "nas · nothing changes"


def test_a_placement_without_a_machine_to_add_is_wrong_usage(lab: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["what-if", "--lab", lab, "--remove", "nas", "--place", "nats"]) == 2
    assert "is of a machine to --add; --move moves" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--add", "jetson-orin-32g", "--upgrade", "desktop", "--ram", "64GiB"],
        ["--remove", "nas", "--ram", "64GiB"],
        ["--upgrade", "desktop", "--host", "jetson-orin-32g"],
    ],
)
def test_a_description_of_no_machine_or_of_two_is_wrong_usage(arguments: list[str], lab: str) -> None:
    assert run(["what-if", "--lab", lab, *arguments]) == 2


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--upgrade", "dekstop"], "--upgrade · dekstop · no such host in the lab · did you mean desktop?"),
        (
            ["--upgrade", "desktop"],
            "--upgrade · desktop · nothing of it changes · "
            "say --ram, --cores, --disk, --disk-class, --gpu-vram or --unified",
        ),
        (["--move", "garage"], "--move · garage · must be CONSUMER=HOST · write garage=desktop"),
        (["--move", "grage=nas"], "--move · grage · no such consumer · did you mean garage?"),
        (["--move", "garage=nsa"], "--move · nsa · no such host in the lab · did you mean nas?"),
        (
            ["--remove", "desktop", "--remove", "nas"],
            "--remove · nas · it is the only host · a lab has one at least",
        ),
        (
            ["--add", "nas", "--ram", "8GiB"],
            "--add · nas · the lab has this host · --upgrade nas, or another name",
        ),
        (["--add", "pi4-4g"], "--add · pi4-4g · such a machine is for nothing by itself · say --place CONSUMER"),
        (["--add", "x", "--ram", "8GiB", "--profile", "fast"], "--profile · fast · no such profile · known are"),
    ],
)
def test_a_mistake_is_one_line(
    arguments: list[str], line: str, lab: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["what-if", "--lab", lab, *arguments]) == 1
    said = capsys.readouterr().err
    assert said.startswith(line)
    assert said.count("\n") == 1
