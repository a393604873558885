"""`python -m embedder`: serve until SIGTERM."""

import argparse
import os
import signal
import socket
import sys

from embedder.weights import MissingWeights

STOP_SECONDS = 5
"""For requests under way when the signal comes; a batch of 32 chunks takes about one."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="embedder", description="OpenAI-compatible embeddings with MiniLM.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; default: %(default)s")
    parser.add_argument("--port", type=int, default=8081, help="default: %(default)s; 0 takes a free one")
    parser.add_argument("--threads", type=_threads, default=2, help="texts worked on at a time; default: 2")
    asked = parser.parse_args()

    # uvicorn stops in good order on these, then raises the signal again for whoever handled it before: by then
    # the process has done what it was told to, and says so by exit code 0.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    try:
        with _bind(asked.host, asked.port) as listener:
            _serve(listener, asked.threads)
    except OSError as error:
        return _refuse(f"{asked.host}:{asked.port} · {error.strerror} · give another --host or --port")
    except MissingWeights as error:
        return _refuse(str(error))
    return 0


def _threads(text: str) -> int:
    cores = os.cpu_count() or 1
    threads = int(text)
    if not 1 <= threads <= cores:
        raise argparse.ArgumentTypeError(f"{threads} asked for; this machine has 1 to {cores}")
    return threads


def _bind(host: str, port: int) -> socket.socket:
    """Bound, so that a taken port is known before the model is loaded, but not listening before it is ready."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(address)
    return listener


def _serve(listener: socket.socket, threads: int) -> None:
    import uvicorn  # with the model: a second of imports that --help does not need

    from embedder.model import Model
    from embedder.server import app

    model = Model()
    model.embed("ready")
    config = uvicorn.Config(app(model, threads), access_log=False, timeout_graceful_shutdown=STOP_SECONDS)
    uvicorn.Server(config).run(sockets=[listener])


def _refuse(line: str) -> int:
    sys.stderr.write(f"embedder: {line}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
