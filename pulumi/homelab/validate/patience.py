"""How long is waited, in all: pods pull their images at first."""

import time


class Patience:
    """`left` seconds of it; once they are over, things are taken as they are."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    @property
    def left(self) -> float:
        return max(0.0, self._until - time.monotonic())

    @property
    def over(self) -> bool:
        return self.left <= 0
