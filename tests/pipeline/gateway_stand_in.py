"""A stand-in for Context Forge's administration over HTTP: answers as 1.1.0 gave them, gateways kept in memory."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt

SECRET = "of-tests-only-0123456789-0123456789"

COUNTS = ("toolsAdded", "toolsUpdated", "toolsRemoved")


@dataclass
class Gateway:
    """`calls` are the method and path of each request; `claims` of its token."""

    url: str = ""
    known: list[dict[str, Any]] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)
    claims: list[dict[str, Any]] = field(default_factory=list)
    reads: bool = True


@contextmanager
def gateway_stand_in() -> Iterator[Gateway]:
    state = Gateway()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            path = self.path.partition("?")[0]
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            try:
                token = self.headers["authorization"].removeprefix("Bearer ")
                options = {"audience": "mcpgateway-api", "issuer": "mcpgateway", "algorithms": ["HS256"]}
                state.claims.append(jwt.decode(token, SECRET, **options))  # type: ignore[arg-type]
            except jwt.InvalidTokenError:
                return self.send(401, {"detail": "Invalid authentication credentials"})
            state.calls.append((self.command, path))
            if self.command == "GET":
                return self.send(200, state.known)
            if path.endswith("/refresh"):
                error = None if state.reads else "connection failed"
                return self.send(200, {"success": state.reads, "error": error, **dict.fromkeys(COUNTS, 0)})
            wanted = json.loads(body)
            if self.command == "POST":
                state.known.append({**wanted, "id": "4a56"})
            else:
                state.known[0] |= wanted
            return self.send(200, state.known[0])

        def do_GET(self) -> None:
            self.answer()

        def do_POST(self) -> None:
            self.answer()

        def do_PUT(self) -> None:
            self.answer()

        def send(self, status: int, document: Any) -> None:
            text = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
