"""An outside opinion of rendered manifests: checkov, from an environment of its own."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from homelab.errors import MissingTool, Problem
from homelab.lab.values import ROOT
from homelab.policy.violation import Violation

PROGRAM = ROOT / "policy/.venv/bin/checkov"
REASONS = ROOT / "policy/checkov.yaml"


def reasons() -> Mapping[str, str]:
    """Id of a check → why what it says is not heeded."""
    read: Mapping[str, str] = yaml.safe_load(REASONS.read_text("utf-8"))
    return read


def ask(folder: Path) -> tuple[Violation, ...]:
    """What checkov has against the manifests in `folder`, beyond the written reasons, and reasons without a need.

    Raises MissingTool without checkov, or when it cannot read them.
    """
    if not PROGRAM.exists():
        rule, fix = "checkov has an environment of its own", "./lab check-manifests makes it"
        raise MissingTool(Problem(str(PROGRAM), "not there", rule, fix))
    # --skip-download: its vendor's service is not asked
    words = ("--directory", str(folder), "--framework", "kubernetes", "--skip-download", "--output", "json")
    told = subprocess.run([PROGRAM, *words], capture_output=True, text=True, check=False)
    try:
        answer = json.loads(told.stdout)
    except json.JSONDecodeError:
        given = told.stderr.strip().splitlines()[-1:] or [f"status {told.returncode}"]
        raise MissingTool(
            Problem("checkov", given[0], "it answers in JSON", "run ./lab check-manifests")
        ) from None
    return tuple(beyond(answer, reasons()))


def beyond(answer: Mapping[str, Any], known: Mapping[str, str]) -> Iterator[Violation]:
    """`answer` is checkov's own document: only what `known` does not excuse, then what it excuses in vain."""
    summary = answer.get("summary", answer)  # of no objects it says nothing else
    failed = answer["results"]["failed_checks"] if "results" in answer else []
    if summary["parsing_errors"] or not summary["resource_count"]:
        given = f"{summary['parsing_errors']} files that it cannot read, {summary['resource_count']} objects"
        why, fix = "it must have seen everything", "see what checkov says of them"
        yield Violation("checkov.read", "checkov", "", given, why, fix)
    for check in failed:
        if check["check_id"] not in known:
            title = ".".join(check["resource"].split(".")[::2]).replace(".", "/", 1)
            fix = f"mend it, or write the reason into {REASONS.relative_to(ROOT)}"
            yield Violation(f"checkov.{check['check_id']}", title, "", "as rendered", check["check_name"], fix)
    for name in sorted(known.keys() - {check["check_id"] for check in failed}):
        why, fix = "every object keeps it", f"strike it from {REASONS.relative_to(ROOT)}"
        yield Violation("exceptions.used", f"checkov {name}", "", known[name], why, fix)
