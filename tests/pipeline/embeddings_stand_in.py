"""A stand-in for an embedding model's server: OpenAI's protocol over real HTTP, vectors by hashing words."""

import hashlib
import json
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DIMENSIONS = 384


def vector_of(text: str, dimensions: int = DIMENSIONS) -> list[float]:
    """Texts that share words are near each other; of length 1."""
    vector = [0.0] * dimensions
    for word in text.casefold().split() or [""]:
        digest = hashlib.sha256(word.encode()).digest()
        vector[int.from_bytes(digest[:4]) % dimensions] += 1.0
    length = math.hypot(*vector)
    return [number / length for number in vector]


@dataclass
class EmbeddingsStandIn:
    """`texts` were embedded, except the probes of a starting worker. `failures` are answered first, in turn:
    (status, body, headers). While `gate` is not set, requests wait."""

    url: str = ""
    dimensions: int = DIMENSIONS
    texts: list[str] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    failures: list[tuple[int, str, dict[str, str]]] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    entered: threading.Event = field(default_factory=threading.Event)


PROBE = "dimensions"


@contextmanager
def embeddings_stand_in() -> Iterator[EmbeddingsStandIn]:
    state = EmbeddingsStandIn()
    state.gate.set()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._send(200, "{}", {})

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if request["input"] != [PROBE]:
                state.requests.append(request)
                state.entered.set()
                state.gate.wait(60)
                if state.failures:
                    self._send(*state.failures.pop(0))
                    return
                state.texts += request["input"]
            data = [
                {"index": index, "embedding": vector_of(text, state.dimensions)}
                for index, text in enumerate(request["input"])
            ]
            self._send(200, json.dumps({"data": data}), {})

        def _send(self, status: int, body: str, headers: dict[str, str]) -> None:
            try:
                self.send_response(status)
                for name, value in {"content-length": str(len(body.encode())), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body.encode())
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True  # the worker was killed, which is what such a test wants

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.gate.set()
        server.shutdown()
        server.server_close()
