"""A stand-in server for tests: `python -I stand_in.py PORT WHAT…` answers every GET with 200 after doing WHAT.

`fail` says why and ends with 3 · `fork` leaves a child that also holds the port and writes its pid to stdout ·
`stubborn` ignores SIGTERM · `grow MIB` takes so much memory.
"""

import os
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


def fork() -> None:
    if os.fork() == 0:
        while True:
            time.sleep(60)


def main(port: int, what: list[str]) -> None:
    if what[:1] == ["fail"]:
        sys.stderr.write("first line\nthe disk is made of cheese\n")
        sys.exit(3)
    if what[:1] == ["stubborn"]:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    if what[:1] == ["fork"]:
        fork()
    _kept = b"x" * (int(what[1]) << 20) if what[:1] == ["grow"] else b""
    server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
