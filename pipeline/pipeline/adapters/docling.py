"""The extractor: Docling and small readers of text, in a process of their own.

A hostile or huge document can then take time, memory or the whole process without taking the worker along,
and the memory that it needed goes back to the machine.
"""

from pipeline.adapters.process import Kept
from pipeline.contract import Extracted, Metadata
from pipeline.errors import Malformed, Unavailable

TIMEOUT = 600.0
"""Seconds for one document: 100 MiB of text PDF are about 5,000 pages, at 0.02 s (0.1 s on a small board) each."""

RECYCLE = 200
"""Documents after which the process is replaced."""


class DoclingExtractor:
    """Implements `ports.Extractor`: blocking, one document at a time; call it from a thread."""

    def __init__(self, timeout: float = TIMEOUT) -> None:
        self._kept = Kept("pipeline.adapters.extractors", "extractor", timeout, RECYCLE)

    def start(self) -> None:
        """Begin to load the libraries, so that the first document need not wait. Optional."""
        self._kept.start()

    def close(self) -> None:
        """End the process, also while a document waits for it: that one gets Unavailable."""
        self._kept.close()

    def extract(self, doc_id: str, source_uri: str, metadata: Metadata, raw: bytes) -> Extracted:
        """Raises Malformed when the document is at fault, Unavailable when time or memory ran out."""
        request = {"doc_id": doc_id, "source_uri": source_uri, "metadata": metadata.model_dump(), "size": len(raw)}
        try:
            reply = self._kept.ask(request, raw)
        except Unavailable as error:
            raise Unavailable(f"extracting {metadata.filename}", error.reason) from None
        if "size" in reply.head:
            return Extracted.model_validate_json(reply.body)
        if "memory" in reply.head:
            raise Unavailable(f"extracting {metadata.filename}", "out of memory")
        reason = reply.head.get("malformed") or f"it is damaged: its reader stumbled ({reply.head['stumbled']})"
        raise Malformed(metadata.filename, reason)
