"""`status`: the services beside their plan, the streams, the stores."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from homelab.cli.output import table
from homelab.local.memory import Usage
from homelab.units import MIB
from pipeline.status import Status


def document(services: Sequence[Usage], pipeline: Status) -> dict[str, Any]:
    """For programs: fields may be added, never renamed."""
    return {
        "services": [
            {
                "name": one.service,
                "state": one.state,
                "pid": one.pid,
                "rss_mib": one.rss_mib,
                "peak_mib": one.peak_mib,
                "limit_mib": one.limit_mib,
                "restarts": one.restarts,
            }
            for one in services
        ],
        **pipeline.model_dump(mode="json"),
    }


def show(services: Sequence[Usage], pipeline: Status, screen: Console) -> None:
    rows = table("service", "state", "MiB", "limit", "restarts", numbers=("MiB", "limit", "restarts"))
    for one in services:
        limit = "–" if one.limit_mib is None else str(one.limit_mib)
        rows.add_row(one.service, one.state, str(one.rss_mib), limit, str(one.restarts))
    screen.print(rows)
    rows = table(
        "stream", "messages", "MiB", "waiting", "at work", numbers=("messages", "MiB", "waiting", "at work")
    )
    for stream in pipeline.streams:
        waiting = sum(consumer.pending for consumer in stream.consumers)
        working = sum(consumer.unacknowledged for consumer in stream.consumers)
        mib = f"{stream.bytes / MIB:.1f}"
        rows.add_row(stream.name, str(stream.messages), mib, str(waiting), str(working))
    screen.print(rows)
    counts = pipeline.counts.model_dump().items()
    screen.print(Text(" · ".join(f"{'?' if n is None else n} {name.replace('_', ' ')}" for name, n in counts)))
    for problem in pipeline.problems:
        screen.print(Text(problem, style="yellow"))
