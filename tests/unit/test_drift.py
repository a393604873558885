"""Measured peaks against the plan, and the diff of a profile that follows from them."""

import json
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from homelab import budget, profile
from homelab.cli import run
from homelab.drift import Change, Drift, diff, judge, patched, propose, replanned
from homelab.errors import BudgetExceeded
from homelab.local.memory import Source, Usage
from unit.hosts import facts

PLACED = ("postgres", "garage", "extract", "embedder", "chunk")
ROOT = Path(__file__).parents[2]

TEXT = """\
name: default            # a comment with floor: 384 in it
consumers:
  embedder: {kind: service, floor: 384, cpu: {request: 250m}}   # the bottleneck
  chunk:
    floor: 192           # in block style
"""


def usage(
    service: str, peak: int | None, limit: int | None, *, now: int = 10, source: Source = "sampled"
) -> Usage:
    return Usage(service, service, "ready", 7, now, peak, limit, source, 0)


@pytest.mark.parametrize(
    ("peak", "limit", "verdict"),
    [
        (None, 1000, "unmeasured"),
        (500, None, "unlimited"),
        (499, 1000, "roomy"),
        (500, 1000, "fits"),
        (899, 1000, "fits"),
        (900, 1000, "tight"),
        (1000, 1000, "tight"),
        (1001, 1000, "over"),
    ],
)
def test_a_sampled_peak_is_judged_by_its_share_of_the_limit(
    peak: int | None, limit: int | None, verdict: str
) -> None:
    assert judge(usage("embedder", peak, limit)).verdict == verdict


@pytest.mark.parametrize(("now", "verdict"), [(899, "cache"), (900, "tight")])
def test_page_cache_that_filled_a_cgroup_is_no_shortage(now: int, verdict: str) -> None:
    found = judge(usage("postgres", 1000, 1000, now=now, source="cgroup"))
    assert (found.verdict, found.needed_mib, found.percent) == (verdict, now, 100)


def proposed(drifts: Sequence[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    """(service, peak, limit) on 32000 MiB → (key, old, new)."""
    host = facts(32000)
    rules = profile.load("default", ram_mib=32000, flags=host.cpu.flags)
    ledger = budget.plan(host, PLACED, rules, "desktop")
    found = propose([judge(usage(*one)) for one in drifts], ledger, rules)
    assert {change.file for change in found} <= {"default"}
    return [(change.key, change.old, change.new) for change in found]


def test_a_fixed_size_that_was_short_gets_a_fifth_above_its_need() -> None:
    # 380 MiB at 80 % are 475, in steps of 64: 512.
    assert proposed([("embedder", 380, 384)]) == [("consumers.embedder.floor", 384, 512)]


def test_a_share_that_was_short_becomes_larger() -> None:
    # 12800 MiB are 40 % of 32000; 12500 at 80 % are 15625, in steps 15680: 49 %.
    assert proposed([("postgres", 12500, 12800)]) == [("consumers.postgres.percent", 40, 49)]


def test_a_target_that_was_short_becomes_larger() -> None:
    assert proposed([("garage", 512, 512)]) == [("consumers.garage.target", 512, 640)]


def test_a_burst_consumer_above_its_ceiling_raises_floor_and_ceiling() -> None:
    assert proposed([("extract", 6000, 6144)]) == [
        ("consumers.extract.floor", 640, 7552),
        ("consumers.extract.ceiling", 6144, 7552),
    ]


def test_a_fixed_size_of_which_half_was_unused_shrinks_and_a_share_never_does() -> None:
    # 100 MiB at 80 % are 125: 128.
    assert proposed([("embedder", 100, 384), ("postgres", 100, 12800), ("garage", 50, 512)]) == [
        ("consumers.embedder.floor", 384, 128)
    ]


def test_what_fits_or_is_not_placed_changes_nothing() -> None:
    assert proposed([("embedder", 300, 384), ("oxigraph", 2000, 1000)]) == []


def test_only_the_numbers_change_in_flow_and_in_block_style() -> None:
    changes = (
        Change("embedder", "default", "consumers.embedder.floor", 384, 1024),
        Change("chunk", "default", "consumers.chunk.floor", 192, 64),
    )
    assert patched(TEXT, changes) == (
        "name: default            # a comment with floor: 384 in it\n"
        "consumers:\n"
        "  embedder: {kind: service, floor: 1024, cpu: {request: 250m}}   # the bottleneck\n"
        "  chunk:\n"
        "    floor: 64           # in block style\n"
    )


@pytest.mark.parametrize("key", ["consumers.api.floor", "name.floor", "consumers.chunk.percent"])
def test_a_key_that_the_file_lacks_is_an_error(key: str) -> None:
    with pytest.raises(KeyError, match=key):
        patched(TEXT, [Change("x", "default", key, 1, 2)])


def test_git_takes_the_diff_of_a_real_profile() -> None:
    text = (profile.PROFILES / "default.yaml").read_text("utf-8")
    changes = [Change("embedder", "default", "consumers.embedder.floor", 384, 512)]
    patch = diff("default", text, patched(text, changes))
    changed = [line for line in patch.splitlines() if line.startswith(("+ ", "- "))]
    assert [line.split("floor: ")[1].split(",")[0] for line in changed] == ["384", "512"]
    applied = subprocess.run(
        ["git", "apply", "--check", "-"], input=patch, text=True, cwd=ROOT, capture_output=True, check=False
    )
    assert applied.stderr == ""
    assert diff("default", text, text) == ""


def test_the_changed_profile_is_planned_anew_or_refused() -> None:
    text = (profile.PROFILES / "default.yaml").read_text("utf-8")

    def under(floor: int) -> int:
        new = patched(text, [Change("embedder", "default", "consumers.embedder.floor", 384, floor)])
        found = replanned(facts(32000), PLACED, "default", {"default": new}, "/")
        return found.line("embedder").limit.value

    assert under(512) == 512
    with pytest.raises(BudgetExceeded):
        under(32000)


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "lab.yaml"
    path.write_text(f"version: 1\nhosts:\n  desktop: {{address: local, place: [{', '.join(PLACED)}]}}\n")
    measured = json.loads(facts(32000).model_dump_json(by_alias=True))
    measured["homelab"]["audited_at"] = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    (tmp_path / "facts").mkdir()
    (tmp_path / "facts/desktop.json").write_text(json.dumps(measured))
    monkeypatch.setattr("homelab.planner.local_machine_id", lambda: None)
    monkeypatch.setenv("HOMELAB_FILE", str(path))
    return path


def test_without_a_running_platform_one_line_says_what_to_do(
    lab: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["drift"]) == 1
    said = capsys.readouterr().err
    assert said.endswith("it does not run, so nothing is measured · start it with ./lab local-up\n")
    assert said.count("\n") == 1


@pytest.fixture
def measured(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A platform that runs and has used this much."""
    used = [usage("embedder", 380, 384), usage("chunk", 120, 192), usage("postgres", None, 12800)]
    monkeypatch.setattr("homelab.cli.drift.supervisord.is_running", lambda _: True)
    monkeypatch.setattr("homelab.cli.drift.memory.usage", lambda _: used)


@pytest.mark.usefixtures("measured")
def test_json_has_each_service_and_the_diff_and_no_profile_is_touched(capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.read_bytes() for path in profile.PROFILES.rglob("*.yaml")}
    assert run(["drift", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert {path: path.read_bytes() for path in profile.PROFILES.rglob("*.yaml")} == before
    assert (said["schema"], said["host"], said["refusal"]) == ("drift/1", "desktop", "")
    assert [(one["service"], one["verdict"], one["percent"]) for one in said["services"]] == [
        ("embedder", "tight", 99),
        ("chunk", "fits", 63),
        ("postgres", "unmeasured", None),
    ]
    assert said["changes"] == [
        {
            "consumer": "embedder",
            "file": "default",
            "key": "consumers.embedder.floor",
            "old": 384,
            "new": 512,
        }
    ]
    assert said["diff"].startswith("--- a/profiles/default.yaml\n+++ b/profiles/default.yaml\n")


@pytest.mark.usefixtures("measured")
def test_people_see_the_table_and_the_diff(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["drift"]) == 0
    said = capsys.readouterr().out
    assert ["embedder", "tight", "380", "384", "99", "%"] in [line.split() for line in said.splitlines()]
    assert "+  embedder:      {kind: service, floor: 512," in said


@pytest.mark.usefixtures("lab")
def test_a_change_that_the_host_cannot_hold_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("homelab.cli.drift.supervisord.is_running", lambda _: True)
    monkeypatch.setattr("homelab.cli.drift.memory.usage", lambda _: [usage("embedder", 30000, 384)])
    assert run(["drift"]) == 0
    assert "desktop cannot hold that: " in capsys.readouterr().out


def test_a_drift_without_a_limit_has_no_percent() -> None:
    assert Drift("x", "x", "unlimited", 5, None, 5).percent is None
