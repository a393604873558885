"""Subjects, streams, buckets, payloads and ids: written once, read by every stage and both runtimes."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

GIB = 1024**3
HOUR = 3600
DAY = 24 * HOUR

MAX_PAYLOAD = 1024**2
"""Bytes. The server's default `max_payload`; larger content travels as an object-store key."""

INLINE_LIMIT = 512 * 1024
"""Bytes of JSON up to which content travels inside its message; half of MAX_PAYLOAD leaves room for headers."""


class Subject(StrEnum):
    INGEST_REQUESTED = "doc.ingest.requested"
    INGEST_EXTRACTED = "doc.ingest.extracted"
    CHUNKED = "doc.chunked"
    FORGOTTEN = "doc.forgotten"  # doc.forgotten.<document>: no stage consumes it, it stays for the stream's age
    EMBED_REQUESTED = "embed.requested"
    EMBED_COMPLETED = "embed.completed"
    KG_REQUESTED = "kg.upsert.requested"
    KG_COMPLETED = "kg.upsert.completed"
    DEAD = "dead"  # dead.<stage>.<document>
    ALERT = "alerts"  # alerts.<stage>


@dataclass(frozen=True, slots=True)
class Stream:
    """A JetStream stream; `max_bytes` is a ceiling that a small disk lowers, `max_age` is in seconds.

    `workqueue` keeps a message until its one worker acks it, `limits` until its age, for any number of readers.
    A full stream refuses what is `new`, so that accepted work is never lost, or drops its `old` messages.
    """

    name: str
    subjects: tuple[str, ...]
    max_age: int
    max_bytes: int
    retention: Literal["limits", "workqueue"] = "limits"
    discard: Literal["new", "old"] = "new"


STREAMS = (
    # its messages carry text: were they kept after their ack, a large archive would fill the stream in hours
    Stream("INGEST", ("doc.>",), 24 * HOUR, 10 * GIB, retention="workqueue"),
    Stream("EMBED", ("embed.>",), 24 * HOUR, 10 * GIB),
    Stream("KG", ("kg.>",), 24 * HOUR, 5 * GIB, discard="old"),
    Stream("TELEMETRY", ("telemetry.>",), 6 * HOUR, 5 * GIB, discard="old"),
    Stream("DEAD", ("dead.>", "alerts.>"), 30 * DAY, 1 * GIB),
)

DEDUPE_WINDOW = 120
"""Seconds in which a stream drops a second message of the same id: longer than any redelivery takes."""


class Bucket(StrEnum):
    RAW = "raw-documents"
    PROCESSED = "processed"
    MODELS = "models"


RAW_EXPIRY_DAYS = 90

GATEWAY_SCHEMA = "contextforge"
"""Of our database: the tables of the MCP gateway, beside our own."""


DocId = Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{1,128}$")]
"""Stands in object keys and in the names of graphs, so it holds nothing that means anything there."""

Key = Annotated[str, Field(pattern=r"^([0-9A-Za-z_-]{1,128}/)?[0-9A-Za-z_.-]{1,160}$")]
"""Of an object; the only folder is its document's."""


class Payload(BaseModel):
    """What travels over a subject. Unknown keys are refused: a malformed message is dead-lettered, not guessed."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Metadata(Payload):
    """What is known of a document before it is read."""

    filename: str
    media_type: str
    size: int = Field(ge=1, description="bytes")
    modified: str | None = Field(default=None, description="ISO 8601, UTC")
    note: str | None = Field(default=None, description="for example: the extension says .txt, the content is PDF")


class IngestRequested(Payload):
    doc_id: DocId
    source_uri: str
    metadata: Metadata


class Block(Payload):
    """One piece of a document in reading order: a paragraph, list item, table, code listing or heading."""

    kind: Literal["text", "heading", "table", "code"]
    text: str
    page: int | None = Field(default=None, ge=1)
    level: int | None = Field(default=None, ge=1, le=6, description="of a heading")


class Link(Payload):
    """A link out of the document, or to another of its parts."""

    target: str
    text: str = ""


class Extracted(Payload):
    """The processed artifact: what the object at `IngestExtracted.garage_key` holds, as JSON."""

    doc_id: DocId
    source_uri: str
    metadata: Metadata
    title: str
    pages: int | None
    blocks: tuple[Block, ...]
    links: tuple[Link, ...] = ()


class Structure(Payload):
    title: str
    pages: int | None
    blocks: int
    headings: int


class IngestExtracted(Payload):
    doc_id: DocId
    garage_key: Key
    structure: Structure


class Chunk(Payload):
    """A piece of a document; `heading` is the nearest one above it and no part of `text`."""

    chunk_id: str
    index: int = Field(ge=0)
    text: str
    page: int | None = None
    heading: str | None = None

    @property
    def embedded(self) -> str:
        """What the embedding model reads: under which heading a text stands is half of its meaning."""
        return f"{self.heading}\n{self.text}" if self.heading else self.text


class Chunked(Payload):
    """Exactly one of `chunks` and `chunks_key` is set."""

    doc_id: DocId
    garage_key: Key
    chunks: tuple[Chunk, ...] | None = None
    chunks_key: Key | None = None


class EmbedCompleted(Payload):
    """The vectors stay in the vector store (rows of `doc_id`): this message is their pointer."""

    doc_id: DocId
    garage_key: Key
    chunks: int


class KgCompleted(Payload):
    doc_id: DocId
    triples_count: int


class Forgotten(Payload):
    """What was asked for of this document before this message means nothing any more."""

    doc_id: DocId


class DeadLetter(Payload):
    """What the DEAD stream keeps of a message that no retry can help, enough to replay it.

    Exactly one of `payload` and `payload_key` is set: text travels along, what is large or no text stays
    in `processed`, as an object of this letter alone.
    """

    stage: str
    doc_id: str | None
    reason: str
    subject: str
    payload: str | None = None
    payload_key: str | None = None
    deliveries: int
    request: int | None = Field(default=None, description="which request led to it: `pipeline.void`")
    failed_at: str = Field(description="ISO 8601, UTC")


class Alert(Payload):
    """What a person should hear of, on `alerts.<stage>`: a dead letter, or a service that refuses our key."""

    stage: str
    doc_id: str | None
    reason: str
    raised_at: str = Field(description="ISO 8601, UTC")


def document_id(raw: bytes) -> str:
    """The document's id: SHA-256 of its raw bytes, in hex. Also its key in `raw-documents`."""
    return hashlib.sha256(raw).hexdigest()


def content_key(doc_id: str, body: bytes, suffix: str = ".json") -> str:
    """The key of an object whose name is its content, so that nothing is ever overwritten in place.

    It lies in its document's folder, so that forgetting the document finds it.
    """
    return f"{doc_id}/{hashlib.sha256(body).hexdigest()}{suffix}"


def chunk_id(doc_id: str, index: int, embedded: str) -> str:
    """The same document cut the same way gives the same ids, so that an upsert never duplicates.

    `embedded` is `Chunk.embedded`: a chunk that the model would read differently is another one.
    """
    return hashlib.sha256(f"{doc_id}\0{index}\0{embedded}".encode()).hexdigest()[:32]


def graph_name(doc_id: str) -> str:
    return f"urn:lab:doc:{doc_id}"
