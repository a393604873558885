"""The stages of the pipeline as data: what each consumes and publishes, and what happens when it fails.

| where | failure | behaviour |
|---|---|---|
| any | malformed message or document | dead-lettered at once with the reason, and an alert |
| any | a service is away | 1 s, 5 s, 30 s, then every 30 s: the queue holds the work |
| any | no space left | 1 s, 5 s, then every 10 s, with an alert at each try |
| any | a service refuses our key | as one that is away, with an alert after the third delay |
| any | 429 | its own delay, or doubling from 1 s; after 5 failures 60 s |
| extract | out of memory or time | 30 s, 60 s, 120 s, others go on meanwhile; then dead-lettered |
| graph | Cognee ran out of memory or time | as extract |
| graph | Oxigraph is away | 5 s, 5 times; then dead-lettered |
| any | the worker dies over it | delivered again; dead-lettered after `deliveries` |
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from pipeline.contract import (
    Chunked,
    EmbedCompleted,
    IngestExtracted,
    IngestRequested,
    KgCompleted,
    Payload,
    Subject,
)

ACK_WAIT = 6.0
"""Seconds after the last sign of life until the server gives a message to another worker: a worker that was
killed is replaced within 10 s."""

HEARTBEAT = 2.0
"""Seconds between two signs of life; two may be lost before ACK_WAIT is over."""


@dataclass(frozen=True, slots=True)
class Retry:
    """`delays` are seconds before the second, third … try, the last one repeating; `tries` None means for ever.

    `hold`: the service is at fault, so the queue waits behind this message. Otherwise the document is: it
    goes back into the queue and others come first.
    """

    delays: tuple[float, ...]
    tries: int | None
    hold: bool = True

    def delay(self, failures: int) -> float | None:
        """Seconds to wait after so many failures (1 is the first); None when that was the last try."""
        if self.tries is not None and failures >= self.tries:
            return None
        return self.delays[min(failures, len(self.delays)) - 1]


SERVICE_AWAY = Retry((1.0, 5.0, 30.0), tries=None)
NO_SPACE = Retry((1.0, 5.0, 10.0), tries=None)
"""Whoever waits for a document learns by the alerts whether there is room again, so they come often."""

TOO_HEAVY = Retry((30.0, 60.0, 120.0), tries=4, hold=False)
GRAPH_AWAY = Retry((5.0,), tries=6)

THROTTLED = Retry((1.0, 2.0, 4.0, 8.0, 60.0), tries=None)
"""After 429: the fifth failure in a row opens the circuit for 60 s."""


@dataclass(frozen=True, slots=True)
class Route:
    """One stage. `retry` is for what Unavailable names as its `where`, unless `retries` has a line for that."""

    stage: str
    stream: str
    consumes: Subject
    message: type[Payload]
    publishes: Subject
    result: type[Payload]
    retry: Retry = SERVICE_AWAY
    retries: Mapping[str, Retry] = field(default_factory=lambda: MappingProxyType({}))
    deliveries: int = 16
    """A message that ended so many workers is taken out; deploying anew a few times is no reason for that."""


ROUTES: Mapping[str, Route] = MappingProxyType(
    {
        route.stage: route
        for route in (
            Route(
                "extract",
                "INGEST",
                Subject.INGEST_REQUESTED,
                IngestRequested,
                Subject.INGEST_EXTRACTED,
                IngestExtracted,
                retry=TOO_HEAVY,
                retries=MappingProxyType({"objects": SERVICE_AWAY, "nats": SERVICE_AWAY}),
                deliveries=4,
            ),
            Route("chunk", "INGEST", Subject.INGEST_EXTRACTED, IngestExtracted, Subject.CHUNKED, Chunked),
            Route("embed", "INGEST", Subject.CHUNKED, Chunked, Subject.EMBED_COMPLETED, EmbedCompleted),
            Route(
                "graph",
                "EMBED",
                Subject.EMBED_COMPLETED,
                EmbedCompleted,
                Subject.KG_COMPLETED,
                KgCompleted,
                retries=MappingProxyType({"oxigraph": GRAPH_AWAY, "cognee": TOO_HEAVY}),
            ),
        )
    }
)
