"""One run at a time."""

import threading
from pathlib import Path

import pytest

from homelab.tools.alone import alone
from servers import until


def test_who_waits_is_told_what_for_and_goes_on_after_the_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lock, entered = tmp_path / "made/lock", threading.Event()
    said: list[str] = []

    def second() -> None:
        with alone(lock, "age is being built"):
            entered.set()

    def told() -> bool:
        said.append(capsys.readouterr().err)
        return "".join(said) == "waiting for another run: age is being built …\n"

    waiting = threading.Thread(target=second)
    with alone(lock, "age is being built"):
        waiting.start()
        until(told, "the second run says that it waits")
        assert not entered.is_set()
    waiting.join(timeout=10)
    assert entered.is_set()
