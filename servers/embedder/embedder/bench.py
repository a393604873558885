"""`python -m embedder.bench`: chunks per second through the HTTP door of a server of its own."""

import argparse
import json
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TEXT = (
    "the memory of every machine is counted before anything is started so that a database and a queue "
    "never fight over the last page while documents become passages and passages become vectors "
)
"""Each word is one token of MiniLM's vocabulary."""

START_SECONDS = 30.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="embedder.bench", description=__doc__)
    parser.add_argument("--threads", type=int, default=2, help="default: %(default)s")
    parser.add_argument("--tokens", type=int, default=128, help="of a chunk, default: %(default)s")
    parser.add_argument("--batch", type=int, default=32, help="chunks per request, default: %(default)s")
    parser.add_argument("--batches", type=int, default=10, help="default: %(default)s")
    asked = parser.parse_args()
    started = time.perf_counter()
    with server(asked.threads) as (url, pid):
        ready = time.perf_counter() - started
        texts = [chunk(number, asked.tokens) for number in range(asked.batch)]
        embed(url, texts)
        rates = [asked.batch / embed(url, texts) for _ in range(asked.batches)]
        sys.stdout.write(
            f"ready after {ready:.2f} s\n"
            f"{asked.threads} threads · {asked.batch} chunks of {asked.tokens} tokens a request\n"
            f"chunks/s: median {statistics.median(rates):.1f}, best {max(rates):.1f}, worst {min(rates):.1f}\n"
            f"proportional set size: {proportional_mib(pid)} MiB\n"
        )
    return 0


def chunk(number: int, tokens: int) -> str:
    """`tokens` counts [CLS] and [SEP]."""
    words = TEXT.split()
    return " ".join(words[(number + place) % len(words)] for place in range(tokens - 2))


def embed(url: str, texts: list[str]) -> float:
    """Seconds that one request takes."""
    body = json.dumps({"model": "all-MiniLM-L6-v2", "input": texts, "encoding_format": "base64"}).encode()
    request = urllib.request.Request(f"{url}/v1/embeddings", body, {"Content-Type": "application/json"})  # noqa: S310
    began = time.perf_counter()
    with urllib.request.urlopen(request) as response:  # noqa: S310 (our own loopback URL)
        response.read()
    return time.perf_counter() - began


@contextmanager
def server(threads: int) -> Iterator[tuple[str, int]]:
    """A server on a free port, once it is ready: its URL and process id."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "embedder", "--port", str(port), "--threads", str(threads)]
    with subprocess.Popen(command) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(url, process)
            yield url, process.pid
        finally:
            process.terminate()


def proportional_mib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) // 1024


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/health"):  # noqa: S310
                return
        except urllib.error.URLError:
            time.sleep(0.02)  # between two looks at the condition
    raise SystemExit(f"embedder.bench: no server at {url} after {START_SECONDS:.0f} s")


if __name__ == "__main__":
    sys.exit(main())
