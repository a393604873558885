"""Cognee reads the entities and relations of a passage, by the chat model behind LiteLLM, in a process of its own.

Of Cognee its extraction is used and none of its stores: docs/decisions/0009 says why.
"""

import asyncio
from typing import get_args

from pydantic import BaseModel

from pipeline.adapters.llm import WHERE as MODEL
from pipeline.adapters.llm import refusal
from pipeline.adapters.process import Kept, Reply
from pipeline.entities import NAME, VERB, Entity, Found, Kind, Relation
from pipeline.errors import Malformed, Misconfigured, PipelineError, Refused, Unavailable
from pipeline.settings import Settings

WHERE = "cognee"
MODULE = "pipeline.adapters.cognee_process"

TIMEOUT = 600.0
"""Seconds for one passage, the loading of the libraries (10 s, on a small board a minute) included. Cognee has a
model that answers nonsense mend it twice, and each answer may take `cognee_extraction.ARGUMENTS`' timeout."""

KINDS: dict[str, Kind] = {
    **{kind: kind for kind in get_args(Kind)},
    "city": "place",
    "company": "organization",
    "country": "place",
    "device": "product",
    "location": "place",
    "organisation": "organization",
    "software": "product",
}
"""Under Cognee a model names types as it likes; the vocabulary has seven, and any that is not here is `other`."""


class _Node(BaseModel):
    id: str
    name: str
    type: str


class _Edge(BaseModel):
    source_node_id: str
    target_node_id: str
    relationship_name: str


class Graph(BaseModel):
    """Cognee's `KnowledgeGraph`, as far as the vocabulary has a place for it."""

    nodes: list[_Node]
    edges: list[_Edge]


class Cognee:
    """Implements `ports.EntityReader`. Keeps nothing of a passage: read again, it is asked for again."""

    def __init__(self, settings: Settings, timeout: float = TIMEOUT) -> None:
        """Raises Misconfigured without a chat model."""
        if settings.chat_model is None:
            raise Misconfigured("LAB_GRAPH_ENGINE", "cognee reads by a chat model, and LAB_CHAT_MODEL is not set")
        self._model = settings.chat_model
        self._url = settings.litellm_url
        self._key = settings.litellm_key
        self._kept = Kept(MODULE, WHERE, timeout)

    def start(self) -> None:
        """Begin to load the libraries, so that the first passage need not wait. Optional."""
        self._kept.start()

    def close(self) -> None:
        """End the process, also while a passage waits for it: that one gets Unavailable."""
        self._kept.close()

    async def passage(self, text: str) -> Found:
        """Raises what `ports.LLM` raises; Unavailable, named `cognee`, when time or memory ran out."""
        reply = await asyncio.to_thread(self._ask, text)
        if "size" not in reply.head:
            raise self._failure(reply)
        return found(Graph.model_validate_json(reply.body))

    def _ask(self, text: str) -> Reply:
        raw = text.encode()
        # By the pipe: neither an argument nor a variable ever holds the key.
        key = self._key.get_secret_value() if self._key else None
        request = {"url": self._url, "model": self._model, "key": key, "size": len(raw)}
        return self._kept.ask(request, raw)

    def _failure(self, reply: Reply) -> PipelineError:
        """Of Cognee's own words only the kind: they quote the document."""
        head = reply.head
        if "status" in head:
            return refusal(head["status"], head["message"], self._model, head["wait"], head["kind"])
        if "refused" in head:
            return Refused(MODEL, f"no quota or budget is left ({head['refused']})")
        if "malformed" in head:
            return Malformed(MODEL, f"its answers are no graph of Cognee's ({head['malformed']})")
        if "memory" in head:
            return Unavailable(WHERE, "out of memory")
        fault = head["stumbled"].partition(":")[0]
        return Malformed(WHERE, f"it stumbled over the model's answer ({fault} in {head['at']})")


def found(graph: Graph) -> Found:
    """In our vocabulary; nodes and edges whose words are no name or no verb are left out."""
    names = {node.id: " ".join(node.name.split()) for node in graph.nodes}
    entities = [
        Entity(name=names[node.id], type=KINDS.get(node.type.casefold(), "other"))
        for node in graph.nodes
        if 0 < len(names[node.id]) <= NAME
    ]
    known = {entity.name for entity in entities}
    relations = [
        Relation(
            subject=names[edge.source_node_id], predicate=edge.relationship_name, object=names[edge.target_node_id]
        )
        for edge in graph.edges
        if 0 < len(edge.relationship_name) <= VERB
        and names.get(edge.source_node_id) in known
        and names.get(edge.target_node_id) in known
    ]
    return Found(entities, relations)
