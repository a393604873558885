"""The parts of the demo: each does one step with the code behind the verb of that name, and shows it."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from homelab import lab as labs
from homelab.audit import run
from homelab.bars import bars
from homelab.cli import answers, ingesting, running
from homelab.cli.audit import show as show_audit
from homelab.cli.data import over, take
from homelab.cli.ledger import ledger
from homelab.cli.output import table
from homelab.errors import AuditFailed, InvalidInput, LocalError, Problem
from homelab.facts import load as load_facts
from homelab.lab import ROOT, Lab
from homelab.local import runtime, supervisord
from homelab.local.memory import sampler, usage
from homelab.local.runtime import Progress
from homelab.local.table import Platform, platform
from homelab.planner import HostPlan, plan_lab
from pipeline.answer import Answer
from pipeline.platform import Platform as Opened
from pipeline.walk import unreachable

SAMPLES = ROOT / "samples"
SAMPLE_QUESTION = "How long does the UPS carry the NAS?"

GOES_ON = "The platform goes on running: ./lab ask 'TEXT' · ./lab ingest PATH · ./lab local-down stops it."


def named(paths: Sequence[Path]) -> None:
    """Raises InvalidInput for every path that is not there, while nothing is started yet."""
    problems = [ingesting.told(problem) for problem in unreachable(paths)]
    if problems:
        raise InvalidInput(*problems)


def measured(screen: Console) -> tuple[Lab, str]:
    """Audit this machine. Raises AuditFailed, or LocalError where lab.yaml has no host with `address: local`."""
    lab = labs.load()
    here = next((name for name, host in lab.hosts.items() if host.local), None)
    if here is None:
        fix = "add one, as lab.example.yaml shows"
        raise LocalError(Problem(lab.path.name, "no host has 'address: local'", "the demo runs here", fix))
    with screen.status("measuring") as status:
        outcome = run.audit(lab, [here], on_task=status.update)
    if outcome.problems:
        raise AuditFailed(*outcome.problems)
    show_audit([load_facts(lab.facts_dir / f"{here}.json")], screen)
    return lab, here


def planned(lab: Lab, host: str, screen: Console) -> HostPlan:
    plan = plan_lab(lab).host(host)
    screen.print(ledger(plan.budget, plan.profile.name, bars(plan)))
    return plan


def started(lab: Lab, plan: HostPlan, screen: Console) -> tuple[Platform, bool]:
    """The platform, ready, and whether this call began it."""
    wanted = platform(lab, plan)
    ran = supervisord.is_running(wanted.folders)

    def report(progress: Progress) -> None:
        screen.print(f"  {progress.service} {progress.did} after {progress.seconds:.1f} s")

    runtime.up(wanted.folders, wanted.services, report)
    screen.print(Text(f"  Documents are kept in {wanted.objects}"))
    return wanted, not ran


def stopped(platform: Platform, screen: Console) -> None:
    screen.print("Stopping the platform")
    runtime.down(platform.folders, lambda _: None)


def ingested(paths: Sequence[Path] | None, platform: Platform, screen: Console) -> bool:
    """True when every document went through; Ctrl-C ends the demo here."""
    here, wanted = running.local(labs.load()), list(paths or [SAMPLES])
    with sampler(platform.folders), ingesting.shown_progress(screen, quiet=False) as tell:
        report, interrupted = over(here, lambda opened: take(wanted, opened, here.max_mib, tell))
    ingesting.summary(report, screen)
    if interrupted:
        raise KeyboardInterrupt
    return report.ok


def asked(paths: Sequence[Path] | None, question: str | None, screen: Console) -> None:
    async def work(opened: Opened) -> tuple[str, Answer]:
        text = question or (await _about(opened) if paths else SAMPLE_QUESTION)
        return text, await opened.ask(text, 3)

    text, answer = over(running.local(labs.load()), work)
    screen.print(Text(f"  {text}\n", style="italic"))
    answers.show(answer, screen)


async def _about(opened: Opened) -> str:
    """A question to documents that we know nothing of: about the term that most of them share."""
    rows = await opened.sparql(COMMONEST)
    return f"What is said about {rows[0]['label']}?" if rows else "What are these documents about?"


COMMONEST = """
PREFIX schema: <https://schema.org/>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?label (COUNT(DISTINCT ?document) AS ?documents) WHERE {
  GRAPH ?graph { ?document schema:mentions ?term . ?term skos:prefLabel ?label }
} GROUP BY ?label ORDER BY DESC(?documents) ?label LIMIT 1
"""


def compared(platform: Platform, screen: Console) -> None:
    """Plan against measurement, service by service."""
    numbers = ("planned MiB", "peak MiB", "of plan", "now MiB")
    rows = table("service", *numbers, "measured by", numbers=numbers, title="\nPlan against measured memory")
    over = []
    for one in usage(platform.folders):
        peak = one.peak_mib or one.rss_mib
        share = f"{100 * peak / one.limit_mib:.0f} %" if one.limit_mib else "–"
        limit = str(one.limit_mib) if one.limit_mib else "–"
        rows.add_row(one.service, limit, str(peak), share, str(one.rss_mib), one.source)
        if one.limit_mib and peak > one.limit_mib:
            over.append(one.service)
    screen.print(rows)
    verdict = f"Above its plan: {', '.join(over)}." if over else "No service went above its plan."
    screen.print(Text(verdict, style="yellow" if over else "green"))
