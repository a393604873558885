"""Building a pinned tool into the cache: one build at a time, visible only when it is whole."""

import os
import shutil
from pathlib import Path

from homelab.errors import MissingTool, Problem
from homelab.tools.alone import alone
from homelab.tools.needs import require
from homelab.tools.progress import Failed, follow
from homelab.tools.tool import Tool


def build(tool: Tool) -> Path:
    """Build the tool unless it is built, and return its home. A build that was broken off goes on where it was.

    Raises MissingTool naming every program that the build needs and this machine lacks, or why the build failed.
    """
    if tool.built:
        return tool.home
    require(f"tool {tool.name}", tool.needs)
    with alone(tool.home.with_suffix(".lock"), f"{tool.name} is being built"):
        if not tool.built:
            _build(tool)
    return tool.home


def _build(tool: Tool) -> None:
    work = tool.home.with_suffix(".work")
    staged = work / "home"
    work.mkdir(exist_ok=True)
    # Go's cache of what it compiled is ten times what it builds: it goes with the scratch.
    own = {"CARGO_TERM_COLOR": "never", "GOCACHE": str(work / "go-cache")}
    environment = {**os.environ, **own, **dict(tool.environment)}
    steps = len(tool.build)
    for step, command in enumerate(tool.build, 1):
        title = f"Building {tool.name} {tool.version} ({tool.takes}{f', step {step} of {steps}' * (steps > 1)})"
        argv = [part.format(home=staged, work=work / "target", source=tool.source) for part in command]
        try:
            follow(argv, title, cwd=work, env=environment)
        except Failed as failed:
            raise _told(tool, failed, work / "build.log") from failed
    shutil.rmtree(tool.home, ignore_errors=True)  # an unfinished copy from elsewhere; ours is whole
    staged.rename(tool.home)
    shutil.rmtree(work)


def _told(tool: Tool, failed: Failed, log: Path) -> MissingTool:
    log.write_text("\n".join(failed.messages) + "\n", encoding="utf-8")
    return MissingTool(Problem(f"tool {tool.name}", _reason(failed), "its build must succeed", f"see {log}"))


def _reason(failed: Failed) -> str:
    """Cargo says `error: …`; Go names a file, a module or itself before a colon, and reports downloads alike."""
    lines = [line.strip() for line in failed.messages]
    errors = [line for line in lines if line.startswith("error")]
    named = [line for line in lines if ": " in line and not line.startswith("go: downloading ")]
    return next(iter((*errors, *named)), str(failed))
