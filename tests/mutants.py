"""Whether a test fails for each mutant of a cosmic-ray session: `python tests/mutants.py SESSION [PATH…]`, in the
root; with paths, of those modules alone.

cosmic-ray starts an interpreter and pytest for each, which takes longer than the tests. Here one process has them
imported and forks; the mutant is imported in place of its module and never written, so several run at once. What
has a result already is left out: a run that was ended goes on. A mutant that takes SECONDS of processor time is
killed: it loops.
"""

import difflib
import gc
import importlib.abc
import importlib.machinery
import importlib.util
import os
import resource
import sys
import tempfile
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, ModuleType
from typing import IO

import gguf  # noqa: F401 - so that no mutant waits for it
import hypothesis  # noqa: F401
import pytest
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import TestOutcome, WorkerOutcome, WorkItem, WorkResult

import pipeline.contract  # noqa: F401 - as above
from homelab import llm, profile
from homelab.audit import document, held  # noqa: F401
from homelab.lab import EXAMPLE, load

SECONDS = 30
WORKERS = os.cpu_count() or 1

TESTS = (
    ("budget_disk", "budget_edges", "specs_edges", "specs_products"),
    ("plans", "timescaledb_tune", "specs"),
    ("specs_cluster", "specs_models", "explain", "held"),
    ("budget", "budget_models", "properties"),
)
"""In groups, of which the next is imported where the one before has passed: those that kill most, and soonest,
come first, and the first failure ends a mutant."""

WITHOUT = ("cacheprovider", "unraisableexception", "threadexception")
OPTIONS = (
    *("-x", "-q", "--noconftest", "-c", "/dev/null", "--rootdir", ".", "--assert=plain", "-p", "properties"),
    *(f"-pno:{plugin}" for plugin in WITHOUT),
)
"""Nothing here needs a server: without conftest and plugins a run costs its tests and little else."""


class Mutant(importlib.abc.MetaPathFinder, importlib.machinery.SourceFileLoader):
    """Finds one module, and loads `code` as it."""

    def __init__(self, path: Path, code: str) -> None:
        parts = path.relative_to("pulumi").with_suffix("").parts
        self.package = parts[-1] == "__init__"
        super().__init__(".".join(parts[:-1] if self.package else parts), str(path.resolve()))
        self.code = code

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self.name:
            return None
        inner = [str(Path(self.path).parent)] if self.package else None
        return importlib.util.spec_from_file_location(
            fullname, self.path, loader=self, submodule_search_locations=inner
        )

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.code, self.path, "exec", dont_inherit=True)


def warm() -> None:
    """Read once what every plan reads, and import nothing that may be mutated."""
    load(EXAMPLE)
    for name in profile.bases():
        profile.load(name, ram_mib=1)
    for name in llm.names():
        llm.load(name, Path())
    mutable = [name for name in sys.modules if name.startswith(("homelab.budget", "homelab.specs"))]
    if mutable:
        raise AssertionError(f"imported before it could be mutated: {mutable}")
    gc.collect()
    gc.freeze()  # what is here is never garbage in a mutant, which need not look through it


def changed(item: WorkItem) -> tuple[Path, str, str]:
    """The module, its text and the mutant's, which is the same where there is nothing to mutate."""
    (mutation,) = item.mutations
    before = mutation.module_path.read_text("utf-8")
    operator = get_operator(mutation.operator_name)(**mutation.operator_args)
    return mutation.module_path, before, mutate_code(before, operator, mutation.occurrence) or before


def begin(path: Path, code: str, output: IO[str]) -> int:
    """The process that tests a mutant; it ends with pytest's status."""
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
        sys.meta_path.insert(0, Mutant(path, code))
        for group in TESTS:
            status = int(pytest.main([*OPTIONS, *(f"tests/unit/test_{name}.py" for name in group)]))
            if status:
                break
    finally:
        os._exit(status)


def exec_all(session: WorkDB, below: Sequence[Path]) -> None:
    running: dict[int, tuple[WorkItem, str, IO[str]]] = {}
    wanted = [
        item
        for item in session.pending_work_items
        if not below or any(item.mutations[0].module_path.is_relative_to(path) for path in below)
    ]
    waiting = iter(wanted)
    left = len(wanted)
    while left:
        item = next(waiting, None) if len(running) < WORKERS else None
        if item is not None:
            path, before, after = changed(item)
            lines = before.splitlines(), after.splitlines()
            diff = "\n".join(difflib.unified_diff(*lines, str(path), str(path), lineterm="", n=1))
            output = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed below, when its process has ended
            running[begin(path, after, output)] = item, diff, output
            continue
        pid, ended = os.wait()
        item, diff, output = running.pop(pid)
        with output:
            output.seek(0)
            tail = output.read()[-1000:]
        outcome = TestOutcome.KILLED if ended else TestOutcome.SURVIVED
        session.set_result(item.job_id, WorkResult(WorkerOutcome.NORMAL, tail, outcome, diff))
        left -= 1
        if not left % 100:
            sys.stdout.write(f"{left} mutants left\n")
            sys.stdout.flush()


def main() -> None:
    os.environ |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "HYPOTHESIS_PROFILE": "mutation"}
    warm()
    with use_db(sys.argv[1], WorkDB.Mode.open) as session:
        exec_all(session, [Path(path) for path in sys.argv[2:]])


if __name__ == "__main__":
    main()
