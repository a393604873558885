"""A text file as plain data that remembers on which line each key stands."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from homelab.errors import InvalidInput, Problem

Loc = tuple[str | int, ...]
"""The keys and list positions that lead to a value."""

MAX_BYTES = 1024**2
"""A hand-written file is a few KiB, the facts of a large host about 100: more is the wrong file."""

MAX_DEPTH = 32
"""Levels; the deepest model here has six."""

Found = tuple[int, Problem]
"""A problem and the line it is sorted by."""


@dataclass(slots=True)
class Source:
    """`data` holds dict, list, str, int, float, bool and None only; `lines` are counted from 1, none for JSON."""

    name: str
    data: Any = None
    lines: dict[Loc, int] = field(default_factory=dict)
    problems: list[Found] = field(default_factory=list)
    unread: set[Loc] = field(default_factory=set)
    """Where a value is refused as YAML already, and None stands in `data` instead of it."""

    def line(self, loc: Loc) -> int:
        """The line of `loc`, or of the nearest thing around it that is written down; 0 when unknown."""
        return next((self.lines[loc[:n]] for n in range(len(loc), 0, -1) if loc[:n] in self.lines), 0)

    def where(self, loc: Loc) -> str:
        """`lab.yaml:12 hosts.desktop.place[2]`"""
        return self.at(self.line(loc), dotted(loc))

    def at(self, line: int, what: str = "") -> str:
        return f"{self.name}:{line} {what}".rstrip() if line else f"{self.name} {what}".rstrip()

    def refuse(self, line: int, what: str, given: str, rule: str, fix: str) -> None:
        self.problems.append((line, Problem(self.at(line, what), given, rule, fix)))


def dotted(loc: Sequence[str | int]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc).removeprefix(".")


def parse(path: Path) -> Source:
    """JSON for `*.json`, else YAML 1.2's core schema without anchors, tags or duplicate keys.

    Raises InvalidInput when the file cannot be read as such at all; what is wrong with its parts is in `problems`.
    """
    source = Source(shown(path))
    text = _text(path, source)
    if path.suffix == ".json":
        _parse_json(text, source)
    else:
        _parse_yaml(text, source)
    return source


def shown(path: Path) -> str:
    """The path as a person in this folder would write it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _stop(source: Source, line: int, given: str, rule: str, fix: str) -> InvalidInput:
    source.refuse(line, "", given, rule, fix)
    return InvalidInput(*(problem for _, problem in source.problems))


def _text(path: Path, source: Source) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        given = (error.strerror or type(error).__name__).lower()
        raise _stop(source, 0, given, "this must be a file that can be read", "") from None
    if len(raw) > MAX_BYTES:
        raise _stop(source, 0, "over 1 MiB", "such a file is a few KiB", "is this the right file?")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        given = f"byte 0x{raw[error.start]:02x}"
        raise _stop(source, line, given, "the file must be UTF-8", "save it as UTF-8") from None


def _parse_json(text: str, source: Source) -> None:
    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        for name in dict.fromkeys(name for name in names if names.count(name) > 1):
            source.refuse(0, name, "written more than once", "a key stands once", "keep one of them")
        return dict(pairs)

    try:
        source.data = json.loads(text, object_pairs_hook=members)
    except json.JSONDecodeError as error:
        raise _stop(source, error.lineno, error.msg, "this must be JSON", "") from None
    except (RecursionError, ValueError) as error:  # ValueError: a number of more than 4300 digits
        raise _stop(source, 0, type(error).__name__, "this must be JSON of sane depth and numbers", "") from None


def _parse_yaml(text: str, source: Source) -> None:
    try:
        loader = _Loader(text, source)
        node = loader.get_single_node()
        source.data = None if node is None else _plain(node, (), source)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = 0 if mark is None else mark.line + 1
        rule, fix = _syntax(error, text.splitlines()[line - 1] if 0 < line <= len(text.splitlines()) else "")
        raise _stop(source, line, "", rule, fix) from None
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count("\n") + 1
        given = f"character U+{error.character:04X}"
        raise _stop(source, line, given, "YAML has no control characters", "remove it") from None


def _syntax(error: yaml.MarkedYAMLError, line: str) -> tuple[str, str]:
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "YAML indents with spaces, never with tabs", "replace the tab by spaces"
    if error.problem == "mapping values are not allowed here":
        return "a value that holds ': ' needs quotes", "quote it, or check the indentation"
    if error.problem and error.problem.startswith("but found another document"):
        return "one file is one document", "remove the line '---' and what follows"
    return f"this is no YAML: {error.problem or error.context}", "check quotes and indentation"


class _Loader(yaml.SafeLoader):
    """Composes nodes; resolves by YAML 1.2's core schema, so that `no` is a text and `12:30` no number."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 (PyYAML's own)

    def __init__(self, text: str, source: Source) -> None:
        super().__init__(text)
        self.source = source
        self.depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            sign = "*" if isinstance(event, yaml.AliasEvent) else "&"
            fix = "write the value out where it is used"
            self.source.refuse(line, "", f"{sign}{event.anchor}", "anchors and aliases are refused", fix)
            event.anchor = None
        if isinstance(event, yaml.AliasEvent):
            self.get_event()  # type: ignore[no-untyped-call]
            return yaml.ScalarNode("!alias", "", event.start_mark, event.end_mark)  # type: ignore[arg-type]
        if self.depth == MAX_DEPTH:
            problem = f"over {MAX_DEPTH} levels deep"
            raise yaml.composer.ComposerError(None, None, problem, event.start_mark)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]{1,18}|0o[0-7]{1,20}|0x[0-9a-fA-F]{1,15}", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+.0123456789")),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), _first)


def _plain(node: yaml.Node, loc: Loc, source: Source) -> Any:
    line = node.start_mark.line + 1
    kind = node.tag.removeprefix("tag:yaml.org,2002:")
    if isinstance(node, yaml.MappingNode) and kind == "map":
        return _mapping(node, loc, source)
    if isinstance(node, yaml.SequenceNode) and kind == "seq":
        values = []
        for number, item in enumerate(node.value):
            source.lines[*loc, number] = item.start_mark.line + 1
            values.append(_plain(item, (*loc, number), source))
        return values
    if isinstance(node, yaml.ScalarNode) and kind in _SCALARS:
        try:
            return _SCALARS[kind](node.value)
        except ValueError:
            source.refuse(line, dotted(loc), f"!!{kind}", "the value is no such thing", "remove the tag")
    elif kind != "!alias":
        source.refuse(
            line,
            dotted(loc),
            node.tag.replace("tag:yaml.org,2002:", "!!")[:40],
            "tags are refused",
            "write plain YAML",
        )
    source.unread.add(loc)
    return None


_SCALARS: dict[str, Callable[[str], Any]] = {
    "str": str,
    "null": lambda text: None,
    "bool": lambda text: text.lower() == "true",
    "int": lambda text: int(text, 0 if text[:2] in ("0o", "0x") else 10),
    "float": float,
}


def _mapping(node: yaml.MappingNode, loc: Loc, source: Source) -> dict[str, Any]:
    """Keys are texts, whatever they look like; of a key that stands twice the first one counts."""
    values: dict[str, Any] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            source.refuse(line, dotted(loc), "", "a key must be a word", "write 'key: value'")
        elif key.value in values:
            first = source.lines[*loc, key.value]
            given = f"stands on line {first} already"
            source.refuse(line, dotted((*loc, key.value)), given, "a key stands once", "keep one of them")
        else:
            source.lines[*loc, key.value] = line
            values[key.value] = _plain(value, (*loc, key.value), source)
    return values
