"""A real embedder process on a free port."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from servers import Server, answers, free_port

MODEL = "all-MiniLM-L6-v2"


@contextmanager
def embedder(folder: Path, threads: int = 2) -> Iterator[Server]:
    """Ready; `url` is its base, without `/v1`."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "embedder", "--port", str(port), "--threads", str(threads)]
    ready = f"{url}/health"
    server = Server("embedder", command, port, lambda: answers(ready), folder / "embedder.log", url=url)
    try:
        server.start()
        yield server
    finally:
        server.stop()
