"""Cognee as a process: passages in on stdin, its graphs out on stdout, one at a time.

A request is a line of JSON (`url`, `model`, `key`, `size`) and `size` bytes of text. A reply is a line of JSON
with the size of the graph that follows, as JSON, or with why there is none (`cognee_extraction.extracted`). The
process ends when its parent does, and with the first passage that it stumbles over.
"""

import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path

from pipeline.adapters.child import Replies

FOLDER = Path(tempfile.gettempdir()) / "cognee"

SETTINGS = {
    # It would keep what it works on where it is installed, which cannot be written.
    "SYSTEM_ROOT_DIRECTORY": str(FOLDER / "system"),
    "DATA_ROOT_DIRECTORY": str(FOLDER / "data"),
    "CACHE_ROOT_DIRECTORY": str(FOLDER / "cache"),
    "HOME": str(FOLDER),
    "CACHING": "false",
    "COGNEE_LOG_FILE": "false",
    "LOG_LEVEL": "ERROR",
    # One worker is its only user.
    "ENABLE_BACKEND_ACCESS_CONTROL": "false",
    "REQUIRE_AUTHENTICATION": "false",
    # It and its libraries tell nobody of their use, and fetch nothing.
    "TELEMETRY_DISABLED": "1",
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
}
"""Of Cognee and of what it imports; it reads them when it is imported."""


def main() -> None:
    replies = Replies()
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        del os.environ[name]  # a proxy of the environment must not see prompts or keys
    os.environ.update(SETTINGS)
    from pipeline.adapters.cognee_extraction import extracted

    replies.ready()
    _say_no_more()
    with asyncio.Runner() as runner:
        while line := sys.stdin.buffer.readline():
            request = json.loads(line)
            text = sys.stdin.buffer.read(request["size"]).decode()
            reply = runner.run(extracted(text, request["url"], request["model"], request["key"]))
            if isinstance(reply, str):
                replies.send({}, reply.encode())
            else:
                replies.send(reply)


def _say_no_more() -> None:
    """What the libraries log of a passage quotes it."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


if __name__ == "__main__":
    main()
