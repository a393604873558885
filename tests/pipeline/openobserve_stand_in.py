"""A stand-in for OpenObserve's search: it answers from what a real collector was sent."""

import base64
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from collector_process import Collector

EMAIL, PASSWORD = "admin@homelab.internal", "a password of tests only"

_QUERY = re.compile(r"""SELECT (\w+) FROM "default" WHERE trace_id = '([0-9a-f]{32})'""")


@contextmanager
def openobserve_stand_in(collector: Collector) -> Iterator[str]:
    """Yields its organisation's address. Until anything has arrived it knows no stream, as the real one."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            expected = base64.b64encode(f"{EMAIL}:{PASSWORD}".encode()).decode()
            if self.headers["Authorization"] != f"Basic {expected}":
                self._send(401, {"code": 401, "message": "Unauthorized Access"})
                return
            address = urlsplit(self.path)
            assert address.path == "/api/default/_search"
            [kind] = parse_qs(address.query)["type"]
            wanted = _QUERY.fullmatch(json.loads(body)["query"]["sql"])
            assert wanted is not None, body
            rows = _rows(collector, kind)
            if not rows:
                self._send(400, {"code": 20002, "message": "Search stream not found: default"})
                return
            column, trace = wanted.groups()
            self._send(200, {"hits": [{column: row[column]} for row in rows if row["trace_id"] == trace]})

        def _send(self, status: int, answer: object) -> None:
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/api/default"
    finally:
        server.shutdown()
        server.server_close()


def _rows(collector: Collector, kind: str) -> list[dict[str, str]]:
    if kind == "traces":
        return [
            {"trace_id": span.trace, "operation_name": span.name, "service_name": span.service}
            for span in collector.spans
        ]
    return [{"trace_id": line.trace, "body": line.body, "service_name": line.service} for line in collector.lines]
