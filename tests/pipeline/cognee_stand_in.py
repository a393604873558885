"""A stand-in for the process in which Cognee runs: the same protocol, and replies that the passages ask for."""

import json
import os
import sys

from pipeline.adapters.child import Replies

GRAPH = {
    "nodes": [
        {"id": "n1", "name": "Heat pump", "type": "Device", "description": "It warms the house."},
        {"id": "n2", "name": "Buffer tank", "type": "Product", "description": "It stores water."},
    ],
    "edges": [
        {"source_node_id": "n1", "target_node_id": "n2", "relationship_name": "feeds_into", "description": None}
    ],
}


def main() -> None:
    replies = Replies()
    replies.ready()
    while line := sys.stdin.buffer.readline():
        request = json.loads(line)
        text = sys.stdin.buffer.read(request["size"]).decode()
        match text:
            case "die":
                os._exit(9)
            case "stumble":
                raise LookupError(f"no such thing in {text}")
            case "who":
                names = [
                    {"id": name, "name": str(request[name]), "type": "other"} for name in ("url", "model", "key")
                ]
                replies.send({}, json.dumps({"nodes": names, "edges": []}).encode())
            case text if text.startswith("{"):
                replies.send(json.loads(text))
            case _:
                replies.send({}, json.dumps(GRAPH).encode())


if __name__ == "__main__":
    main()
