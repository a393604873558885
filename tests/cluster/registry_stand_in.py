"""A stand-in for a registry of container images: as much of the OCI distribution protocol as a push needs."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Registry(ThreadingHTTPServer):
    """`manifests`: name:tag → the manifest's JSON; `blobs` by their digest."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Door)
        self.manifests: dict[str, bytes] = {}
        self.blobs: dict[str, bytes] = {}
        self.uploads: dict[str, bytes] = {}


class _Door(BaseHTTPRequestHandler):
    server: Registry
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._say(HTTPStatus.OK if self.path == "/v2/" else HTTPStatus.NOT_FOUND)

    def do_HEAD(self) -> None:
        known = self.path.rpartition("/")[2] in self.server.blobs
        self._say(HTTPStatus.OK if known else HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        place = f"{self.path.rstrip('/')}/{len(self.server.uploads)}"
        self.server.uploads[place] = b""
        self._say(HTTPStatus.ACCEPTED, Location=place)

    def do_PATCH(self) -> None:
        self.server.uploads[self.path] += self._body()
        self._say(HTTPStatus.ACCEPTED, Location=self.path)

    def do_PUT(self) -> None:
        if upload := re.fullmatch(r"(/v2/.+/blobs/uploads/\d+)\?digest=(.+)", self.path):
            place, digest = upload.groups()
            self.server.blobs[digest.replace("%3A", ":")] = self.server.uploads.pop(place) + self._body()
        elif manifest := re.fullmatch(r"/v2/(.+)/manifests/(.+)", self.path):
            self.server.manifests[":".join(manifest.groups())] = self._body()
        else:
            self._say(HTTPStatus.NOT_FOUND)
            return
        self._say(HTTPStatus.CREATED)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _say(self, status: HTTPStatus, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing: the test's output is its own."""


@contextmanager
def registry() -> Iterator[Registry]:
    server = Registry()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
