"""The extractor: Docling and small readers of text, in a process of their own.

A hostile or huge document can then take time, memory or the whole process without taking the worker along,
and the memory that it needed goes back to the machine.
"""

import threading

from pipeline.adapters.process import Process
from pipeline.contract import Extracted, Metadata
from pipeline.errors import Malformed, Unavailable

TIMEOUT = 600.0
"""Seconds for one document: 100 MiB of text PDF are about 5,000 pages, at 0.02 s (0.1 s on a small board) each."""

RECYCLE = 200
"""Documents after which the process is replaced, so that fragmented memory never adds up."""


class DoclingExtractor:
    """Implements `ports.Extractor`: blocking, one document at a time; call it from a thread."""

    def __init__(self, timeout: float = TIMEOUT) -> None:
        self._timeout = timeout
        self._lock = threading.Lock()
        self._process: Process | None = None

    def start(self) -> None:
        """Begin to load the libraries (2 to 4 s), so that the first document need not wait. Optional."""
        with self._lock:
            self._running()

    def extract(self, doc_id: str, source_uri: str, metadata: Metadata, raw: bytes) -> Extracted:
        """Raises Malformed when the document is at fault, Unavailable when time or memory ran out."""
        request = {"doc_id": doc_id, "source_uri": source_uri, "metadata": metadata.model_dump(), "size": len(raw)}
        with self._lock:
            process = self._running()
            try:
                reply = process.ask(request, raw, self._timeout)
            except Unavailable as error:
                self._end()
                raise Unavailable(f"extracting {metadata.filename}", error.reason) from None
            if not reply.goes_on or process.served >= RECYCLE:
                self._end()
        if "size" in reply.head:
            return Extracted.model_validate_json(reply.body)
        if "memory" in reply.head:
            raise Unavailable(f"extracting {metadata.filename}", "out of memory")
        reason = reply.head.get("malformed") or f"it is damaged: its reader stumbled ({reply.head['stumbled']})"
        raise Malformed(metadata.filename, reason)

    def close(self) -> None:
        """End the process, also while another thread waits for it: that one gets Unavailable."""
        process = self._process
        if process is not None:
            process.kill()
        with self._lock:
            self._end()

    def _running(self) -> Process:
        if self._process is not None and not self._process.alive:
            self._end()
        if self._process is None:
            self._process = Process("pipeline.adapters.extractors", "extractor")
        return self._process

    def _end(self) -> None:
        if self._process is not None:
            self._process.end()
            self._process = None
