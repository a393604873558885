"""A stand-in for OpenAI-compatible servers: the model's name says what it answers.

`status-429` answers that status, `hang` waits until the stand-in ends, anything else answers well.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PIECES = ("Four ", "GiB.")


@dataclass
class StandIn:
    """`url` ends in `/v1`; `requests` are the bodies in the order in which they came."""

    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    authorizations: list[str | None] = field(default_factory=list)
    end: threading.Event = field(default_factory=threading.Event)


@contextmanager
def openai_stand_in() -> Iterator[StandIn]:
    state = StandIn()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["content-length"])))
            state.requests.append(request)
            state.authorizations.append(self.headers["authorization"])
            kind, _, status = request["model"].partition("-")
            if kind == "hang":
                state.end.wait()
            with suppress(BrokenPipeError, ConnectionResetError):  # of a client that stopped waiting
                if kind == "status":
                    self._send(int(status), {"error": {"message": "no", "type": "x", "code": None}})
                elif self.path == "/v1/embeddings":
                    self._send(200, _embeddings(request))
                elif request.get("stream"):
                    self._send(200, _events(request["model"]))
                else:
                    self._send(200, _completion(request["model"]))

        def _send(self, status: int, answer: dict[str, Any] | str) -> None:
            body = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
            self.send_response(status)
            self.send_header(
                "content-type", "text/event-stream" if isinstance(answer, str) else "application/json"
            )
            self.send_header("content-length", str(len(body)))
            self.send_header("retry-after", "7")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.end.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _embeddings(request: dict[str, Any]) -> dict[str, Any]:
    data = [
        {"object": "embedding", "index": index, "embedding": [0.5, 0.5]} for index in range(len(request["input"]))
    ]
    return {"object": "list", "model": request["model"], "data": data, "usage": {"prompt_tokens": 1}}


def _completion(model: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": "".join(PIECES)}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    return {"id": "1", "object": "chat.completion", "created": 1, "model": model, "choices": [choice]} | {
        "usage": usage
    }


def _events(model: str) -> str:
    head = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": model}
    deltas = [{"role": "assistant", "content": PIECES[0]}, {"content": PIECES[1]}, {}]
    ends = [None, None, "stop"]
    events = [
        head | {"choices": [{"index": 0, "delta": delta, "finish_reason": end}]}
        for delta, end in zip(deltas, ends, strict=True)
    ]
    return "".join(f"data: {line}\n\n" for line in [*map(json.dumps, events), "[DONE]"])
