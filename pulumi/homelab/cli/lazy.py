"""Groups of verbs whose modules are imported only when one of theirs runs or shows its own help."""

from importlib import import_module
from inspect import getdoc
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from homelab.cli.commands import COMMANDS, GROUPS, Command

WIDTH = 100
"""Columns that help and messages are written for."""


class Verbs(TyperGroup):
    """The verbs of `commands.COMMANDS`; named like a key of GROUPS, only those of two words that begin with it."""

    def __init__(self, **attributes: Any) -> None:
        attributes["context_settings"] = {"max_content_width": WIDTH, **(attributes.get("context_settings") or {})}
        super().__init__(**attributes)
        self.sections: dict[str, list[tuple[str, str]]] = {}
        prefix = f"{self.name} " if self.name in GROUPS else ""
        self.rows = {row.name.removeprefix(prefix): row for row in COMMANDS if row.name.startswith(prefix)}
        for name, row in self.rows.items():
            first, _, rest = name.partition(" ")
            if first not in self.commands:
                self.sections.setdefault(row.section, []).append(
                    (first, _in_a_list(GROUPS[first]) if rest else row.help)
                )
                self.commands[first] = TyperCommand(first, help=row.help)  # a place-holder: its name is all it has

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name in self.rows:
            return self._with_lab(ctx, _load(cmd_name, self.rows[cmd_name]))
        if cmd_name in self.commands:
            group = typer.Typer(cls=Verbs, add_completion=False, rich_markup_mode=None, no_args_is_help=True)
            group.callback(help=GROUPS[cmd_name])(lambda: None)
            group.info.name = cmd_name
            return self._with_lab(ctx, get_command(group))
        return None

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        for section, rows in self.sections.items():
            with formatter.section(section):
                formatter.write_dl(rows)

    def _with_lab(self, ctx: Any, command: Any) -> Any:
        """`--lab` is understood before and after the verb: recipes pass further flags at the end."""
        command.params += [param for param in ctx.find_root().command.params if param.name == "lab"]
        for param in command.params:
            param.expose_value = param.expose_value and param.name != "lab"
        return command


def _load(name: str, row: Command) -> Any:
    module, _, function = row.target.partition(":")
    verb = getattr(import_module(module), function)
    alone = typer.Typer(add_completion=False, rich_markup_mode=None)
    settings = {"max_content_width": WIDTH}
    alone.command(name, help=_paragraphs(getdoc(verb) or row.help), context_settings=settings)(verb)
    return get_command(alone)


def _in_a_list(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:].removesuffix(".")


def _paragraphs(text: str) -> str:
    """Paragraphs with indented lines (examples, lists) keep their lines; the mark for that is a backspace."""
    parts = text.split("\n\n")
    return "\n\n".join(f"\b\n{part}" if "\n  " in part or part.startswith("  ") else part for part in parts)
