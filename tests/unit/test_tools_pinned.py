"""Pinned tools: where their builds lie, and how they come to lie there."""

import shutil
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from homelab.errors import MissingTool
from homelab.tools import TOOLS, Tool, find, pinned, progress
from homelab.tools.build import build
from homelab.tools.needs import Need

SCRIPT = """
mkdir -p "$0/bin" "$1"
printf '#!/bin/sh\\n' > "$0/bin/greet"
chmod +x "$0/bin/greet"
"""
GREET = Tool("greet", "1.2", ("greet",), (("sh", "-c", SCRIPT, "{home}", "{work}"),), (), "a moment")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "my cache"))
    monkeypatch.setitem(pinned.TOOLS, "greet", GREET)
    return tmp_path / "my cache/homelab/tools"


def test_garage_is_pinned_to_the_version_that_the_local_platform_drives() -> None:
    assert TOOLS["garage"].version == "2.3.0"
    assert TOOLS["garage"].build == (
        (
            *("cargo", "install", "garage", "--version", "2.3.0", "--locked", "--no-track"),
            *("--no-default-features", "--features", "bundled-libs,metrics,sqlite"),
            *("--root", "{home}", "--target-dir", "{work}"),
        ),
    )


def test_a_tool_that_was_not_built_is_not_found() -> None:
    assert find("greet") is None
    assert find("no-such-program") is None


def test_a_build_is_found_by_the_name_of_its_program(cache: Path) -> None:
    build(GREET)
    assert find("greet") == cache / GREET.home.name / "bin/greet"


def test_nothing_but_the_build_stays_in_the_cache(cache: Path) -> None:
    fills = ("sh", "-c", 'mkdir -p "$GOCACHE/00"')
    build(replace(GREET, build=(fills, *GREET.build)), GREET)
    assert {path.name.rpartition("-")[0] or path.name for path in cache.iterdir()} == {"greet", "lock"}


def test_a_changed_pin_has_a_home_of_its_own() -> None:
    assert replace(GREET, version="1.3").home != GREET.home
    assert replace(GREET, build=(("make",),)).home != GREET.home


def test_words_about_a_tool_do_not_change_its_home() -> None:
    assert replace(GREET, takes="an hour", needs=(Need("make", package="make"),)).home == GREET.home


def test_a_second_build_calls_nothing() -> None:
    build(GREET)
    build(replace(GREET, needs=(Need("no-such-program"),)))


def test_builds_at_the_same_time_build_once(cache: Path) -> None:
    script = f"echo began >> '{cache.parent}/log'; {SCRIPT}"
    tool = replace(GREET, build=(("sh", "-c", script, "{home}", "{work}"),))
    threads = [threading.Thread(target=build, args=(tool,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tool.built
    assert (cache.parent / "log").read_text() == "began\n"


def test_everything_that_a_build_lacks_is_named_in_one_line() -> None:
    needs = (
        Need("no-such-cc", package="build-essential"),
        Need("sh", package="dash"),
        Need("no-such-make", package="make"),
        Need("no-such-cargo", how="install Rust"),
    )
    with pytest.raises(MissingTool) as refusal:
        build(replace(GREET, needs=needs[:2]), replace(GREET, name="part", needs=needs[1:]))
    assert str(refusal.value) == (
        "tools greet, part · no-such-cc and no-such-make and no-such-cargo are not on PATH · "
        "sudo apt install build-essential make; install Rust"
    )


def test_a_failed_build_names_its_error_and_its_log() -> None:
    script = "echo compiling >&2; echo 'error: no space' >&2; exit 1"
    tool = replace(GREET, build=(("sh", "-c", script),))
    with pytest.raises(MissingTool) as refusal:
        build(tool)
    log = tool.home.with_suffix(".work") / "build.log"
    assert str(refusal.value) == f"tool greet · error: no space · its build must succeed · see {log}"
    assert log.read_text() == "compiling\nerror: no space\n"
    assert find("greet") is None


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("k8s.io/api/core/v1\ngo: downloading m v1\ngo: m@v1: no such host\n", "go: m@v1: no such host"),
        ("# k8s.io/api\nmain.go:3:4: undefined: x\n", "main.go:3:4: undefined: x"),
        ("   Compiling cc v1: slow\nerror: no space\n", "error: no space"),
        ("killed\n", "sh ended with status 1"),
    ],
)
def test_the_reason_is_what_the_compiler_said_of_it(said: str, reason: str) -> None:
    tool = replace(GREET, build=(("sh", "-c", f"printf '{said}' >&2; exit 1"),))
    with pytest.raises(MissingTool) as refusal:
        build(tool)
    assert refusal.value.problems[0].given == reason


def test_a_build_of_several_steps_says_at_which_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "PATIENCE", -1.0)
    build(GREET)
    build(replace(GREET, version="1.3", build=(*GREET.build, ("true",))))
    assert [line for line in capsys.readouterr().err.splitlines() if line.endswith(": 0 s")] == [
        "Building greet 1.2 (a moment): 0 s",
        "Building greet 1.3 (a moment, step 1 of 2): 0 s",
        "Building greet 1.3 (a moment, step 2 of 2): 0 s",
    ]


def test_half_a_home_is_built_anew() -> None:
    build(GREET)
    shutil.rmtree(GREET.home / "bin")
    assert find("greet") is None
    build(GREET)
    assert find("greet") == GREET.home / "bin/greet"
