"""One line an event, `key=value`, to stderr. Nothing here ever sees a secret or a document's text."""

import json
import logging
import re
import sys
from datetime import UTC, datetime

_PLAIN = re.compile(r"[^\s\"=]+")


class _Formatter(logging.Formatter):
    def __init__(self, stage: str) -> None:
        super().__init__(f"%(asctime)sZ level=%(levelname)s stage={stage} %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        at = datetime.fromtimestamp(record.created, UTC).replace(tzinfo=None)
        return at.isoformat(timespec="milliseconds")


def setup(stage: str) -> None:
    """Our own events from INFO on, those of libraries from WARNING on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter(stage))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("pipeline").setLevel(logging.INFO)


def line(event: str, **fields: object) -> str:
    """`event=done doc=ab12 seconds=0.21`; None is left out, what holds spaces is quoted."""
    parts = {"event": event} | {name: value for name, value in fields.items() if value is not None}
    return " ".join(f"{name}={_shown(value)}" for name, value in parts.items())


def _shown(value: object) -> str:
    text = f"{value:.3f}" if isinstance(value, float) else str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
