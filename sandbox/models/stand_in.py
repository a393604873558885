#!/usr/bin/env python3
"""A stand-in for servers of models, where none can be had: `stand_in.py [--host ADDRESS] [--port PORT]`.

It speaks the protocols of llama-server (OpenAI's) and Ollama under every model's name, and is no model: to a
question with numbered passages it answers with the beginning of the first, cited; to tools, with a call whose
arguments fit the schema; to a text for a vector, with numbers that say nothing. It needs nothing but Python.
"""

import argparse
import hashlib
import json
import re
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

NAME = "stand-in"
WORDS = 24
"""Of the first passage, in an answer."""

DIMENSIONS = 768
"""Of every vector: as nomic-embed-text has them."""

_PASSAGE = re.compile(r"^\[1\] <([^>]+)>\n(.*?)\n</\1>$", re.MULTILINE | re.DOTALL)


def answer(messages: list[dict[str, Any]]) -> str:
    """To the last message: what stands first in it, or that this is no model."""
    passage = _PASSAGE.search(str(messages[-1].get("content") or ""))
    if passage is None:
        return "Yes. (A stand-in answers here, no model.)"
    _place, _, text = passage[2].partition("\n")
    return f"{' '.join(text.split()[:WORDS])} [1]"


def arguments(schema: dict[str, Any]) -> Any:
    """The plainest value that fits: the first of an enumeration, the least of a range, every required key."""
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            known = schema.get("properties", {})
            return {key: arguments(known.get(key, {})) for key in schema.get("required", [])}
        case "array":
            return [arguments(schema.get("items", {})) for _ in range(schema.get("minItems", 0))]
        case "integer" | "number":
            return schema.get("minimum", 0)
        case "boolean":
            return False
        case _:
            return NAME[: schema.get("maxLength", len(NAME))]


def vector(text: str) -> list[float]:
    """The same for the same text, of length 1."""
    return [1.0 if place == _position(text) else 0.0 for place in range(DIMENSIONS)]


def _position(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") % DIMENSIONS


def call(request: dict[str, Any]) -> tuple[str, Any] | None:
    """The tool that is called and its arguments; None where there is no tool, or its result has come."""
    tools = request.get("tools") or []
    if not tools or request["messages"][-1].get("role") == "tool":
        return None
    function = tools[0]["function"]
    return function["name"], arguments(function.get("parameters", {"type": "object"}))


def openai_chat(request: dict[str, Any]) -> dict[str, Any]:
    wanted = call(request)
    message: dict[str, Any] = {"role": "assistant", "content": None}
    if wanted is None:
        message["content"] = answer(request["messages"])
    else:
        function = {"name": wanted[0], "arguments": json.dumps(wanted[1])}
        message["tool_calls"] = [{"id": "call_1", "type": "function", "function": function}]
    choice = {"index": 0, "message": message, "finish_reason": "stop" if wanted is None else "tool_calls"}
    head = {"id": "stand-in", "object": "chat.completion", "created": 0, "model": request.get("model", NAME)}
    return {**head, "choices": [choice], "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}


def openai_events(request: dict[str, Any]) -> Iterator[str]:
    whole = openai_chat(request)
    [choice] = whole["choices"]
    head = {**whole, "object": "chat.completion.chunk"}
    calls = [{**one, "index": number} for number, one in enumerate(choice["message"].get("tool_calls", []))]
    delta = {**choice["message"], **({"tool_calls": calls} if calls else {})}
    for part, end in ((delta, None), ({}, choice["finish_reason"])):
        event = {**head, "choices": [{"index": 0, "delta": part, "finish_reason": end}]}
        yield f"data: {json.dumps(event)}\n\n"
    yield "data: [DONE]\n\n"


def openai_embeddings(request: dict[str, Any]) -> dict[str, Any]:
    texts = request["input"] if isinstance(request["input"], list) else [request["input"]]
    data = [
        {"object": "embedding", "index": number, "embedding": vector(str(text))}
        for number, text in enumerate(texts)
    ]
    return {"object": "list", "model": NAME, "data": data, "usage": {"prompt_tokens": 1, "total_tokens": 1}}


def ollama_chat(request: dict[str, Any]) -> dict[str, Any]:
    wanted = call(request)
    message: dict[str, Any] = {"role": "assistant", "content": ""}
    if wanted is None:
        message["content"] = answer(request["messages"])
    else:
        message["tool_calls"] = [{"function": {"name": wanted[0], "arguments": wanted[1]}}]
    counts = {"prompt_eval_count": 1, "eval_count": 1}
    moment = "1970-01-01T00:00:00Z"
    return {"model": request["model"], "created_at": moment, "message": message, "done": True, **counts} | {
        "done_reason": "stop"
    }


def ollama_embed(request: dict[str, Any]) -> dict[str, Any]:
    texts = request["input"] if isinstance(request["input"], list) else [request["input"]]
    return {"model": request["model"], "embeddings": [vector(text) for text in texts], "prompt_eval_count": 1}


def ollama_show(request: dict[str, Any]) -> dict[str, Any]:
    return {"details": {"family": NAME}, "model_info": {}, "template": "", "capabilities": ["completion", "tools"]}


ANSWERS = {
    "/v1/chat/completions": openai_chat,
    "/v1/embeddings": openai_embeddings,
    "/api/chat": ollama_chat,
    "/api/embed": ollama_embed,
    "/api/show": ollama_show,
}

STATES: dict[str, dict[str, Any]] = {
    "/health": {"status": "ok"},
    "/v1/models": {"object": "list", "data": [{"id": NAME, "object": "model", "owned_by": NAME}]},
    "/api/version": {"version": NAME},
    "/api/tags": {"models": []},
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        known = STATES.get(self.path)
        self._send(404, {"error": "not here"}) if known is None else self._send(200, known)

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))) or b"{}")
        if self.path not in ANSWERS:
            self._send(404, {"error": "not here"})
        elif self.path.startswith("/v1/chat") and request.get("stream"):
            self._write(200, "text/event-stream", "".join(openai_events(request)))
        elif self.path == "/api/chat" and request.get("stream", True):
            self._write(200, "application/x-ndjson", json.dumps(ollama_chat(request)) + "\n")
        else:
            self._send(200, ANSWERS[self.path](request))

    def _send(self, status: int, document: dict[str, Any]) -> None:
        self._write(status, "application/json", json.dumps(document))

    def _write(self, status: int, kind: str, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Silent: who asks it sees the answer."""


def main() -> None:
    asked = argparse.ArgumentParser(description="a stand-in for servers of models; it is none")
    asked.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    asked.add_argument("--port", type=int, default=11434, help="Ollama's 11434, llama-server's 8080; 0: any")
    wanted = asked.parse_args()
    with ThreadingHTTPServer((wanted.host, wanted.port), Handler) as server:
        sys.stdout.write(f"a stand-in for models, which is none, at http://{wanted.host}:{server.server_port}\n")
        sys.stdout.flush()
        server.serve_forever()


if __name__ == "__main__":
    main()
