"""The `homelab` command: finds the verb, runs it, and says what went wrong in one line per problem.

Exit codes: 0 done · 1 the input or the machine is at fault · 2 wrong usage · 3 a validation did not hold ·
130 interrupted. A verb raises HomelabError or PipelineError for 1, and `typer.Exit(3)` for 3.
"""

import io
import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from typer.main import get_command

from homelab.cli import failure
from homelab.cli.lazy import Verbs
from homelab.errors import HomelabError
from pipeline.errors import PipelineError

INTERRUPTED = 130  # 128 + SIGINT, as shells count

app = typer.Typer(cls=Verbs, add_completion=False, rich_markup_mode=None, no_args_is_help=True)


def _choose_lab(file: Path | None) -> None:
    """The environment carries the choice to every reader, child processes included."""
    if file is not None:
        os.environ["HOMELAB_FILE"] = str(file.expanduser().absolute())


Lab = Annotated[
    Path | None,
    typer.Option(
        "--lab", metavar="FILE", callback=_choose_lab, help="lab file [default: lab.yaml, else the example]"
    ),
]


@app.callback()
def homelab(lab: Lab = None) -> None:
    """A self-hosted AI home lab: documents go in, answers come out, every byte of memory is planned for."""


def main() -> NoReturn:
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Runs one command line and returns its exit code; a mistake of ours, and only that, leaves as a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a file name that the terminal's encoding cannot show
    asked = failure.Asked()
    try:
        code = _exit_code(arguments, asked)
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:
        # Who reads our output has seen enough; nothing may be flushed into that pipe at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    if code == INTERRUPTED:
        sys.stderr.write("interrupted\n")
    return code


def _exit_code(arguments: list[str], asked: failure.Asked) -> int:
    """Typer ends each command by SystemExit: after wrong usage with 2, after Ctrl-C with 130."""
    try:
        get_command(app)(arguments, prog_name="homelab", obj=asked)
    except (HomelabError, PipelineError) as error:
        failure.tell(error, asked)
        return 1
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    return 0
