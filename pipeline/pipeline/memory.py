"""Answers kept in the process for the time in which the database is away."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from pipeline.answer import Answer

Key = tuple[str, str, int]
"""What was done (search, ask), the text and the number of passages."""


@dataclass(slots=True)
class Memory:
    """Bounded in number and age; the answer that was longest not asked for goes first."""

    size: int = 128  # answers of about 10 KiB each
    age: float = 3600.0  # seconds
    clock: Callable[[], float] = time.monotonic
    _kept: OrderedDict[Key, tuple[float, Answer]] = field(default_factory=OrderedDict)

    def put(self, key: Key, answer: Answer) -> None:
        self._kept[_normal(key)] = (self.clock(), answer)
        self._kept.move_to_end(_normal(key))
        while len(self._kept) > self.size:
            self._kept.popitem(last=False)

    def get(self, key: Key, oldest: float = math.inf) -> Answer | None:
        """The kept answer, marked with its age, or None where that is above `oldest` seconds or ours."""
        key = _normal(key)
        if key not in self._kept:
            return None
        at, answer = self._kept[key]
        seconds = self.clock() - at
        if seconds > min(self.age, oldest):
            del self._kept[key]
            return None
        self._kept.move_to_end(key)
        note = f"the database does not answer: this answer is {seconds / 60:.0f} min old"
        return answer.model_copy(update={"degraded": (note, *answer.degraded)})


def _normal(key: Key) -> Key:
    kind, text, limit = key
    return kind, " ".join(text.casefold().split()), limit
