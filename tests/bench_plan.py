"""How long planning takes: `homelab plan` from the shell for 6 and for 1,000 hosts, and planning alone.

The hosts are the recorded ones, in turn, with what each can hold. Prints one JSON document; nothing fails by time.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path

from homelab import lab, planner
from homelab.imagined import Machine, facts_of
from homelab.poster import page
from homelab.what_if import named

CORE = "[postgres, nats, oxigraph, litellm, garage, extract, graph, embedder, chunk, embed, api]"
KINDS = (
    ("desktop-32g", CORE),
    ("yellow-cm4-4g", "[timescaledb]"),
    ("jetson-orin-64g", "[llama-server]"),
    ("pi5-8g", "[ollama]"),
    ("pi5-8g", "[embedder, extract]"),
    ("pi4-4g", "[garage, collector]"),
)
"""The six hosts of the contract: a recorded machine, and what is placed on it."""

RUNS = 7


def made(folder: Path, count: int) -> Path:
    """A lab of `count` hosts whose facts were measured now. Returns its file."""
    (folder / "facts").mkdir(parents=True)
    lines = ["version: 1", "hosts:"]
    for number, (recorded, place) in enumerate(islice(cycle(KINDS), count)):
        name = f"h{number}-{recorded}"
        facts = named(facts_of(Machine(), recorded), name)
        measured = facts.homelab.model_copy(update={"audited_at": datetime.now(UTC)})
        document = facts.model_copy(update={"homelab": measured}).model_dump_json(by_alias=True)
        (folder / "facts" / f"{name}.json").write_text(document, "utf-8")
        lines.append(f"  {name}: {{address: {name}.lan, place: {place}}}")
    path = folder / "lab.yaml"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def median_ms(call: Callable[[], object], runs: int = RUNS) -> float:
    def once() -> float:
        begin = time.perf_counter()
        call()
        return (time.perf_counter() - begin) * 1000

    return round(statistics.median(once() for _ in range(runs)), 1)


def figures(path: Path) -> dict[str, float]:
    """Milliseconds, medians: the command; the facts read and planned; planning alone; the page."""
    known = lab.load(path)
    situation = planner.measured(known)
    plans = planner.plan(situation).hosts
    command = [Path(sys.executable).with_name("homelab"), "plan", "--json", "--lab", path]
    quiet = {"stdout": subprocess.DEVNULL, "check": True, "env": os.environ | {"HOMELAB_FILE": ""}}
    return {
        "command_ms": median_ms(lambda: subprocess.run(command, **quiet)),  # type: ignore[call-overload]
        "facts_ms": median_ms(lambda: planner.measured(known)),
        "planning_ms": median_ms(lambda: planner.plan(situation)),
        "page_ms": median_ms(lambda: page(plans)),
    }


def main() -> None:
    found = {}
    with tempfile.TemporaryDirectory() as scratch:
        for count in (6, 1000):
            found[f"{count} hosts"] = figures(made(Path(scratch) / str(count), count))
    sys.stdout.write(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
