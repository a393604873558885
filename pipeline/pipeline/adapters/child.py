"""The other end of `process`: replies on stdout, last words, and an end when the parent ends."""

import json
import os
import select
import sys
import threading
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO


class Replies:
    """What this process says to its parent: a line of JSON each, with the size of a body where one follows.

    Made before anything else, it keeps stdout for itself: whatever a library prints goes to stderr.
    """

    def __init__(self) -> None:
        self._pipe: BinaryIO = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)
        threading.Thread(target=_end_with_parent, daemon=True).start()

    def ready(self) -> None:
        """Requests may come. From here on an error that nobody catches is told to the parent, as last words."""
        self.send({"ready": os.getpid()})
        sys.excepthook = self._last_words

    def send(self, head: dict[str, Any], body: bytes | None = None) -> None:
        if body is not None:
            head = {**head, "size": len(body)}
        self._pipe.write(json.dumps(head).encode() + b"\n" + (body or b""))
        self._pipe.flush()

    def _last_words(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        reason = "out of memory" if kind is MemoryError else f"{kind.__name__}: {error}".splitlines()[0]
        frames = traceback.extract_tb(trace)
        at = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
        self.send({"memory" if kind is MemoryError else "stumbled": reason, "at": at})
        sys.__excepthook__(kind, error, trace)


def _end_with_parent() -> None:
    """A parent that was killed closes its end of stdin: then nobody waits for what is in work."""
    poll = select.poll()
    poll.register(0, 0)  # no event but the hang-up, which is always reported
    poll.poll()
    os._exit(1)
