"""The extracting process: documents in on stdin, artifacts out on stdout, one at a time.

A request is a line of JSON (`doc_id`, `source_uri`, `metadata`, `size`) and `size` raw bytes. A reply is a
line of JSON with the size of the artifact that follows, or with why there is none. The process ends when its
parent does, and with the first document that it stumbles over.
"""

import importlib
import json
import logging
import sys

from pipeline.adapters.child import Replies
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
    replies = Replies()
    logging.getLogger("docling").setLevel(logging.CRITICAL)  # its guesses; what fails is said by our reply
    for library in SLOW:
        importlib.import_module(library)
    replies.ready()
    while line := sys.stdin.buffer.readline():
        request = json.loads(line)
        raw = sys.stdin.buffer.read(request["size"])
        metadata = Metadata.model_validate(request["metadata"])
        try:
            extracted = read(request["doc_id"], request["source_uri"], metadata, raw)
        except Malformed as error:
            replies.send({"malformed": error.reason})
        else:
            replies.send({}, extracted.model_dump_json().encode())


if __name__ == "__main__":
    main()
