"""Parts of the platform that can be left out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from homelab.errors import WayOut
from homelab.ways_out.trial import Trial, listed


@dataclass(frozen=True, slots=True)
class Part:
    """Consumers that are of use only together, and what is lost without them."""

    name: str
    consumers: tuple[str, ...]
    without: str


PARTS = (
    Part("promptfoo", ("promptfoo",), "answers are not evaluated"),
    Part("mindsdb", ("mindsdb",), "no predictions in SQL"),
    Part("console", ("console",), "no page in the browser; the command line does it all"),
    Part("openobserve and collector", ("openobserve", "collector"), "no logs and traces to look at"),
    Part("context-forge", ("context-forge",), "agents find no tools"),
    Part("phase 4", ("promptfoo", "console", "context-forge"), "no evaluation, no console, no tools for agents"),
    Part("the graph", ("graph", "oxigraph"), "answers from passages alone, without facts"),
    Part("ollama", ("ollama",), "its models do not answer"),
    Part("llama-server", ("llama-server",), "its model does not answer"),
)
"""In the order in which they are missed least."""

CORE = Part(
    "phases 2 and 4",
    (
        *("extract", "graph", "chunk", "embed", "api", "openobserve", "collector"),
        *("promptfoo", "console", "context-forge"),
    ),
    "no ingestion, no answers: stores alone",
)
"""Only where nothing less is enough."""


def left_out(trial: Trial) -> Iterator[WayOut]:
    """Single parts that are enough; else the least missed together, each of them needed."""
    parts = [part for part in (*PARTS, CORE) if set(part.consumers) & set(trial.placed)]
    enough: list[set[str]] = []
    for part in parts:
        gone = set(part.consumers) & set(trial.placed)
        if part is not CORE and not any(known <= gone for known in enough) and _enough(trial, [part]):
            enough.append(gone)
            yield _leaving(trial, [part])
    if not enough and (needed := _fewest(trial, parts)):
        yield _leaving(trial, needed)


def _enough(trial: Trial, parts: Sequence[Part]) -> bool:
    gone = [consumer for part in parts for consumer in part.consumers]
    return trial.holds(trial.now.placing({trial.name: trial.without(gone)}))


def _leaving(trial: Trial, parts: Sequence[Part]) -> WayOut:
    gone = [one for one in trial.placed if any(one in part.consumers for part in parts)]
    known = len(parts) == 1 and len(gone) == len(parts[0].consumers)
    what = parts[0].name if known else listed(gone)
    return WayOut(f"leave out {what}", trial.saved(gone), "; ".join(part.without for part in parts))


def _fewest(trial: Trial, parts: Sequence[Part]) -> list[Part]:
    """The first of `parts` that together are enough, without those that need not be among them."""
    count = next((count for count in range(1, len(parts) + 1) if _enough(trial, parts[:count])), 0)
    taken = list(parts[:count])
    for part in reversed(taken[:-1]):
        fewer = [one for one in taken if one is not part]
        if _enough(trial, fewer):
            taken = fewer
    return taken
