"""`python -m pipeline.checks STACK`: asks what the stack promises and prints each outcome as a line of JSON.

Exits with 3 where one does not hold, with 2 for a stack that promises nothing here.
"""

import asyncio
import sys

from pydantic import ValidationError

from pipeline import log, parts
from pipeline.checks import chain, models, observed, stores, tools
from pipeline.checks.outcome import Check, Outcome
from pipeline.settings import Settings, load, problems

STACKS = {
    "phase1-core": (
        Check("streams", stores.streams),
        Check("buckets", stores.buckets),
        Check("tables", stores.tables),
        Check("graph", stores.graph),
        Check("embedding", stores.embedding),
    ),
    "phase2-pipeline": (
        Check("document", chain.document),
        Check("telemetry collected", observed.collected, observed.collected_here),
        Check("logs and traces visible", observed.shown, observed.shown_here),
    ),
    "phase3-inference": (
        Check("models answer", models.answers),
        Check("tool calls", models.tool_calls),
    ),
    "phase4-tooling": (
        Check("tools listed", tools.listed),
        Check("tools called", tools.called),
        Check("question answered", tools.answered),
    ),
}


async def outcomes(settings: Settings, stack: str) -> list[Outcome]:
    async with parts.opened(settings, "checks") as opened:
        return [await check.outcome(settings, opened) for check in STACKS[stack] if check.when(settings)]


def main() -> int:
    log.setup("checks")
    if len(sys.argv) != 2 or sys.argv[1] not in STACKS:
        sys.stderr.write(f"checks: name one of {', '.join(STACKS)}\n")
        return 2
    try:
        settings = load()
    except ValidationError as error:
        sys.stderr.writelines(f"checks: {problem}\n" for problem in problems(error))
        return 1
    found = asyncio.run(outcomes(settings, sys.argv[1]))
    sys.stdout.writelines(f"{outcome.model_dump_json()}\n" for outcome in found)
    return 0 if all(outcome.held for outcome in found) else 3


if __name__ == "__main__":
    sys.exit(main())
