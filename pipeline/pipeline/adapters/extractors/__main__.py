"""The extracting process: documents in on stdin, artifacts out on stdout, one at a time.

A request is a line of JSON (`doc_id`, `source_uri`, `metadata`, `size`) and `size` raw bytes. A reply is a
line of JSON with the size of the artifact that follows, or with why there is none. The process ends when its
parent does, and with the first document that it stumbles over.
"""

import importlib
import json
import logging
import os
import select
import sys
import threading
from types import TracebackType
from typing import Any, BinaryIO

from pipeline.adapters.extractors.read import read
from pipeline.contract import Metadata
from pipeline.errors import Malformed

SLOW = (
    "docling_parse.pdf_parser",
    "docling.backend.html_backend",
    "docling.backend.md_backend",
    "docling.backend.mspowerpoint_backend",
    "docling.backend.msword_backend",
)
"""Imported before the first document comes, 2 to 4 s in all."""


def main() -> None:
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not stand between replies
    logging.getLogger("docling").setLevel(logging.CRITICAL)  # its guesses; what fails is said by our reply
    threading.Thread(target=_end_with_parent, daemon=True).start()
    for library in SLOW:
        importlib.import_module(library)

    def last_words(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        reason = "out of memory" if kind is MemoryError else f"{kind.__name__}: {error}".splitlines()[0]
        _reply(replies, {"memory" if kind is MemoryError else "stumbled": reason})
        sys.__excepthook__(kind, error, trace)

    _reply(replies, {"ready": os.getpid()})
    sys.excepthook = last_words
    while line := sys.stdin.buffer.readline():
        request = json.loads(line)
        raw = sys.stdin.buffer.read(request["size"])
        metadata = Metadata.model_validate(request["metadata"])
        try:
            extracted = read(request["doc_id"], request["source_uri"], metadata, raw)
        except Malformed as error:
            _reply(replies, {"malformed": error.reason})
        else:
            body = extracted.model_dump_json().encode()
            _reply(replies, {"size": len(body)}, body)


def _reply(replies: BinaryIO, head: dict[str, Any], body: bytes = b"") -> None:
    replies.write(json.dumps(head).encode() + b"\n" + body)
    replies.flush()


def _end_with_parent() -> None:
    """A parent that was killed closes its end of stdin: then nobody waits for the document in work."""
    poll = select.poll()
    poll.register(0, 0)  # no event but the hang-up, which is always reported
    poll.poll()
    os._exit(1)


if __name__ == "__main__":
    main()
