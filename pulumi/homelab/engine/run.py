"""Preview, up and down of one stack by Pulumi's command line, and the mending of a run that was killed."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from homelab.engine import lock, pending, process, project
from homelab.engine.environment import environment
from homelab.engine.events import Summary, summary
from homelab.engine.folders import Folders
from homelab.engine.programs import GET_PLUGIN, programs, pulumi_home
from homelab.engine.scratch import VARIABLE, scratch
from homelab.errors import EngineFailed, Problem
from homelab.lab import Lab
from homelab.lab.values import ROOT

__all__ = ["Engine", "Summary"]

AGAIN = "mend it, and run again"

Say = Callable[[str], None]


class Engine:
    """For one lab. `passphrase` encrypts the secrets of its state; `say` gets one line about what is out of the
    ordinary; `source` is the folder of Pulumi.yaml, and the folder `policy` beside it a pack that judges every
    object before it is made.

    Raises MissingTool without Pulumi.
    """

    def __init__(
        self,
        lab: Lab,
        passphrase: str,
        say: Say,
        *,
        environ: Mapping[str, str] = os.environ,
        source: Path = ROOT,
    ) -> None:
        self._folders = Folders(lab.local.data_dir / "pulumi")
        self._source = source
        self._say = say
        found = programs(environ, pulumi_home(environ))
        self._pulumi = str(found.pulumi)
        self._env = environment(environ, self._folders, found, lab.path, passphrase)
        self._judged: tuple[str, ...] = ()
        if (policies := source / "policy").is_dir():
            self._judged = ("--policy-pack", str(policies))
            self._env["PATH"] = f"{policies}:{self._env['PATH']}"  # where the engine finds what starts the pack
        if found.stand_in:
            say(f"Pulumi's Kubernetes plugin is not installed: a stand-in applies. Get it: {GET_PLUGIN}")

    def preview(self, stack: str, flags: Sequence[str] = (), *, as_json: bool = False) -> Summary:
        """What `up` would do; changes nothing. Raises as `up`."""
        with self._ready(stack):
            return self._run("preview", stack, (*self._judged, *flags), as_json=as_json)

    def up(self, stack: str, flags: Sequence[str] = (), *, agreed: bool, as_json: bool = False) -> Summary:
        """Make the cluster what the program says. Unless `agreed`, the engine shows what it would do and asks.

        Raises EngineFailed, StackLocked while another run holds the stack, and KeyboardInterrupt once the engine
        has ended what it had begun.
        """
        # Some policies see a stack only as a whole: a preview shows it to them before the first object is made.
        yes = ("--yes",) if agreed and self._judged else _yes(agreed)
        with self._ready(stack):
            self._mend(stack)
            return self._run("up", stack, (*yes, *self._judged, *flags), as_json=as_json)

    def down(self, stack: str, flags: Sequence[str] = (), *, agreed: bool, as_json: bool = False) -> Summary:
        """Delete what the stack made, but what it is told to keep. Raises as `up`."""
        with self._ready(stack):
            self._mend(stack)
            return self._run("destroy", stack, (*_yes(agreed), *flags), as_json=as_json)

    @contextmanager
    def _ready(self, stack: str) -> Iterator[None]:
        """The stack is there, and this run alone has it."""
        self._folders.create()
        with lock.held(self._folders, stack):
            for pid in lock.release_dead(self._folders, stack):
                self._say(f"process {pid} ended while it held the stack {stack}: its lock is removed")
            project.write(self._folders, self._source, stack)
            if not self._folders.state(stack).exists():
                self._answer("stack", "init", stack, "--no-select")
            yield

    def _mend(self, stack: str) -> None:
        if not pending.pending(self._folders.state(stack).read_text("utf-8")):
            return
        exported = json.loads(self._answer("stack", "export", "--stack", stack))
        mended, urns = pending.settled(exported)
        self._say(f"{len(urns)} resources of {stack} were interrupted: asking the cluster what became of them")
        self._answer("stack", "import", "--stack", stack, given=json.dumps(mended))
        if urns:
            targets = [word for urn in urns for word in ("--target", urn)]
            self._answer("refresh", "--stack", stack, "--yes", "--skip-preview", "--non-interactive", *targets)

    def _run(self, verb: str, stack: str, flags: Sequence[str], *, as_json: bool) -> Summary:
        began = time.monotonic()
        with scratch(self._folders.run) as folder:
            log = folder / "events"
            argv = [self._pulumi, verb, "--stack", stack, "--event-log", str(log), *flags]
            env = {**self._env, VARIABLE: str(folder)}
            status = process.follow(argv, env, self._folders.project, quiet_stdout=as_json)
            if status:
                given, rule = f"ended with status {status}", "the engine says above what it could not do"
                raise EngineFailed(Problem(f"pulumi {verb} {stack}", given, rule, AGAIN))
            return summary(log, stack, time.monotonic() - began)

    def _answer(self, *words: str, given: str | None = None) -> str:
        try:
            with scratch(self._folders.run) as folder:
                env = {**self._env, VARIABLE: str(folder)}
                return process.answer([self._pulumi, *words], env, self._folders.project, given)
        except subprocess.CalledProcessError as error:
            told = str(error.stderr or error.stdout).strip()
            given = told or f"ended with status {error.returncode}"
            raise EngineFailed(Problem(f"pulumi {' '.join(words[:2])}", given, "", AGAIN)) from None


def _yes(agreed: bool) -> tuple[str, ...]:
    return ("--yes", "--skip-preview") if agreed else ()
