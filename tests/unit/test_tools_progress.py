"""One line of progress for work that takes long."""

import io
from pathlib import Path

import pytest

from homelab.tools import progress
from homelab.tools.progress import Failed, elapsed, follow


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shell(script: str, stream: io.StringIO, folder: Path) -> None:
    follow(["sh", "-c", script], "Building", cwd=folder, stream=stream)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (59.4, "59 s"), (60, "1 min 00 s"), (125, "2 min 05 s")]
)
def test_durations_are_written_for_people(seconds: float, text: str) -> None:
    assert elapsed(seconds) == text


def test_short_work_says_nothing(tmp_path: Path) -> None:
    stream = io.StringIO()
    shell("echo noise; echo step >&2", stream, tmp_path)
    assert stream.getvalue() == ""


def test_long_work_says_so_once_where_there_is_no_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "PATIENCE", -1.0)
    stream = io.StringIO()
    shell("echo one >&2; echo two >&2", stream, tmp_path)
    assert stream.getvalue() == "Building …\nBuilding: 0 s\n"


def test_a_terminal_sees_the_latest_step_in_one_line(tmp_path: Path) -> None:
    stream = Terminal()
    shell("printf 'first\\nlast' >&2", stream, tmp_path)
    shown = stream.getvalue().split("\r\x1b[K")
    assert shown == ["", "Building · 0 s · first", "Building · 0 s · last", ""]


def test_a_line_is_never_wider_than_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    stream = Terminal()
    shell("echo a-rather-long-step >&2", stream, tmp_path)
    assert "\r\x1b[KBuilding · 0 s · a-\r" in stream.getvalue()


def test_a_failure_carries_what_the_program_said(tmp_path: Path) -> None:
    with pytest.raises(Failed) as failure:
        shell("echo first >&2; echo 'error: no' >&2; exit 3", io.StringIO(), tmp_path)
    assert failure.value.status == 3
    assert failure.value.messages == ("first", "error: no")
    assert str(failure.value) == "sh ended with status 3"


def test_output_that_is_no_text_does_not_stop_the_work(tmp_path: Path) -> None:
    stream = Terminal()
    shell("printf '\\377\\n' >&2", stream, tmp_path)
    assert "Building · 0 s · \N{REPLACEMENT CHARACTER}" in stream.getvalue()
