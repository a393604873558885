"""`status`: the services beside their plan, the streams, the stores."""

from typing import Any

from rich.console import Console
from rich.text import Text

from homelab.cli.local import usage_table
from homelab.cli.output import table
from homelab.local.memory import Usage, as_json
from homelab.units import MIB
from pipeline.status import Status


def document(services: list[Usage], pipeline: Status) -> dict[str, Any]:
    """For programs: fields may be added, never renamed."""
    return {"services": as_json(services), **pipeline.model_dump(mode="json")}


def show(services: list[Usage], pipeline: Status, screen: Console) -> None:
    screen.print(usage_table(services))
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
