"""A person's yes before something of theirs is destroyed."""

import os
import sys

import typer

from homelab.errors import DeployRefused


def confirmed(question: str) -> None:
    """Return when the person agrees: DEPLOY_CONFIRM=yes does, otherwise the terminal is asked.

    Raises DeployRefused where nobody can be asked; a no ends the command with exit code 1.
    """
    from homelab.guards.switches import agreed, confirmation

    terminal = sys.stdin.isatty()
    if refused := list(confirmation(os.environ, terminal=terminal)):
        raise DeployRefused(*refused)
    if not agreed(os.environ):
        typer.confirm(question, abort=True, err=True)
