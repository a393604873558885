"""Building pinned tools into the cache: one run at a time, each tool visible only when it is whole."""

import os
import shutil
from pathlib import Path

from homelab.errors import MissingTool, Problem
from homelab.tools.alone import alone
from homelab.tools.needs import require
from homelab.tools.progress import Failed, follow
from homelab.tools.tool import Tool, cache

LOCK = "lock"
GO_CACHE = "go-cache"
"""Of what Go compiled: its tools have packages in common. Ten times what is built, it goes when all are."""


def build(*tools: Tool) -> None:
    """Build those that are not built. What was broken off goes on where it was.

    Raises MissingTool naming every program that the builds need and this machine lacks, or why a build failed.
    """
    missing = [tool for tool in tools if not tool.built]
    if not missing:
        return
    names = ", ".join(tool.name for tool in missing)
    require(f"tools {names}", dict.fromkeys(need for tool in missing for need in tool.needs))
    with alone(cache() / LOCK, "tools are being built"):
        for tool in missing:
            if not tool.built:
                _build(tool)
        shutil.rmtree(cache() / GO_CACHE, ignore_errors=True)


def _build(tool: Tool) -> None:
    work = tool.home.with_suffix(".work")
    staged = work / "home"
    work.mkdir(exist_ok=True)
    own = {"CARGO_TERM_COLOR": "never", "GOCACHE": str(cache() / GO_CACHE)}
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
