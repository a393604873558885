"""A stand-in for a chat model's server: OpenAI's protocol over real HTTP, with replies that a test writes."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Reply:
    """What the next request gets. `pieces` are streamed when asked for; without `ends` the stream breaks off."""

    text: str | None = ""
    status: int = 200
    body: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    finish_reason: str = "stop"
    pieces: tuple[str, ...] | None = None
    ends: bool = True
    hold: threading.Event | None = None
    """The reply waits for it: a model that is slow for as long as the test wants."""


@dataclass
class ChatStandIn:
    url: str = ""
    replies: list[Reply] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    authorizations: list[str | None] = field(default_factory=list)


@contextmanager
def chat_stand_in(*replies: Reply) -> Iterator[ChatStandIn]:
    state = ChatStandIn(replies=list(replies))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/chat/completions"
            request = json.loads(self.rfile.read(int(self.headers["content-length"])))
            state.requests.append(request)
            state.authorizations.append(self.headers["authorization"])
            reply = state.replies.pop(0)
            if reply.hold:
                reply.hold.wait(30)
            with suppress(BrokenPipeError):  # a client that stops waiting is what such a test wants
                self._send(reply, streaming=request.get("stream", False))

        def _send(self, reply: Reply, streaming: bool) -> None:
            body = reply.body
            if body is None:
                body = _events(reply) if streaming else json.dumps(_completion(reply))
            self.send_response(reply.status)
            self.send_header("content-type", "text/event-stream" if streaming else "application/json")
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        for reply in replies:
            if reply.hold:
                reply.hold.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _completion(reply: Reply) -> dict[str, Any]:
    message = {"role": "assistant", "content": reply.text}
    return {"choices": [{"index": 0, "message": message, "finish_reason": reply.finish_reason}]}


def _events(reply: Reply) -> str:
    pieces = reply.pieces if reply.pieces is not None else (reply.text or "",)
    chunks = [{"choices": [{"index": 0, "delta": {"content": piece}}]} for piece in pieces]
    # a comment, a role without content and usage without choices, as real servers send them
    first = {"choices": [{"index": 0, "delta": {"role": "assistant"}}]}
    usage = {"choices": [], "usage": {"total_tokens": 9}}
    lines = [": keep-alive"] + [f"data: {json.dumps(event)}" for event in (first, *chunks, usage)]
    return "\n\n".join([*lines, *(["data: [DONE]"] if reply.ends else [])]) + "\n\n"
