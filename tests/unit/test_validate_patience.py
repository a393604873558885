"""When waiting is given up before its time is over."""

import pytest

from homelab.validate import patience
from homelab.validate.patience import RESYNC, Patience


class Clock:
    """Seconds as the test says."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(patience, "time", made)
    return made


def test_what_has_no_hope_is_looked_at_again_before_it_is_given_up(clock: Clock) -> None:
    """An image that was imported a moment ago is not seen by its kubelet yet."""
    waiting = Patience(600)
    assert not waiting.in_vain(True)
    clock.now += RESYNC - 1
    assert not waiting.in_vain(True)
    clock.now += 1
    assert waiting.in_vain(True)
    assert waiting.left == 600 - RESYNC


def test_one_look_with_hope_begins_anew(clock: Clock) -> None:
    waiting = Patience(600)
    waiting.in_vain(True)
    clock.now += RESYNC - 1
    assert not waiting.in_vain(False)
    clock.now += 1
    assert not waiting.in_vain(True)
