"""How long is waited, in all: pods pull their images at first."""

import time

AGAIN = 10.0
"""Seconds until pods are looked at again: one that cannot start changes neither itself nor its workload."""

RESYNC = 30.0
"""Seconds: a kubelet looks again for an image that it lacks every 10 to 15 s, so twice in this time."""


class Patience:
    """`left` seconds of it; once they are over, things are taken as they are."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self._hopeless_since: float | None = None

    @property
    def left(self) -> float:
        return max(0.0, self._until - time.monotonic())

    @property
    def over(self) -> bool:
        return self.left <= 0

    def in_vain(self, hopeless: bool) -> bool:
        """Told at every look whether there is hope: whether there was none at any since `RESYNC`.

        One look is not enough: what mends it may have come just before, and is not seen yet.
        """
        if not hopeless:
            self._hopeless_since = None
            return False
        if self._hopeless_since is None:
            self._hopeless_since = time.monotonic()
        return time.monotonic() - self._hopeless_since >= RESYNC
