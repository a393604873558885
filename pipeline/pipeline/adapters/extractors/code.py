"""Source code: one listing per outer function or class, each under a heading with its name."""

import re
from dataclasses import dataclass
from itertools import pairwise

from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, String

from pipeline.adapters.extractors.parts import Parts
from pipeline.contract import Block

MAX_LEXED = 2 * 1024**2
"""Characters. Lexers take about 1 s per MiB; beyond this it is generated code or data, which has no outline."""

_KEYWORD = re.compile(
    r"\s*(?:(?:export|default|public|private|protected|internal|static|final|abstract|async|pub(?:\(\w+\))?|unsafe"
    r"|const|override|sealed|data|open|local)\s+)*"
    r"(?:def|class|function|func|fun|fn|struct|enum|trait|impl|interface|type|module|sub|record)\s+"
    r"(?:\([^)]*\)\s*)?(?P<name>[A-Za-z_$](?:[\w.:$-]*[\w$])?)"
)
"""A definition in a language that begins one with a word; Go puts a receiver in brackets before the name."""

_SHELL = re.compile(r"(?P<name>[\w.-]+)\s*\(\)\s*(?:\{.*)?")
_C_LIKE = re.compile(r"[A-Za-z_][\w:<>*&,\[\]\s]*?[\s*&](?P<name>[\w:~]+)\([^;={}]*\)\s*(?:const\s*)?(?:\{.*)?")
_NO_STATEMENT = re.compile(r"\s*(?:return|else|new|throw|delete|case|goto)\b")
_ABOVE = re.compile(r"\s*(?:#(?!!|include|define)|//|/\*|\*|@|--|\[\w)")


@dataclass(frozen=True, slots=True)
class _Definition:
    line: int
    name: str


def extract(text: str, language: str) -> Parts:
    """`language` is a pygments alias. Unnamed code before, between and after definitions is kept."""
    lines = text.split("\n")
    blocks: list[Block] = []
    cuts = [*_outer(text, lines, language), _Definition(len(lines), "")]
    _listing(blocks, lines[: cuts[0].line])
    for this, following in pairwise(cuts):
        blocks.append(Block(kind="heading", text=this.name, level=1))
        _listing(blocks, lines[this.line : following.line])
    return Parts("", None, tuple(blocks))


def _listing(blocks: list[Block], lines: list[str]) -> None:
    text = "\n".join(line.rstrip() for line in lines).strip("\n")
    if text.strip():
        blocks.append(Block(kind="code", text=text))


def _outer(text: str, lines: list[str], language: str) -> list[_Definition]:
    """The definitions at the smallest indentation, each from the comments and decorators above it on."""
    if len(text) > MAX_LEXED:
        return []
    inside = _inside_strings(text, language)
    found = []
    for number, line in enumerate(lines):
        match = None if number in inside else _definition(line, language)
        if match:
            found.append((len(line) - len(line.lstrip()), _Definition(number, match["name"])))
    margin = min((indent for indent, _ in found), default=0)
    return [_Definition(_above(lines, each.line), each.name) for indent, each in found if indent == margin]


def _inside_strings(text: str, language: str) -> set[int]:
    """The lines that begin with a string or comment, or inside one: what stands there defines nothing."""
    inside: set[int] = set()
    line = 0
    for position, kind, value in get_lexer_by_name(language).get_tokens_unprocessed(text):
        breaks = value.count("\n")
        if kind[:2] == tuple(String) or kind[:1] == tuple(Comment):
            first = line if position == 0 or text[position - 1] == "\n" else line + 1
            inside.update(range(first, line + breaks + (not value.endswith("\n"))))
        line += breaks
    return inside


def _definition(line: str, language: str) -> re.Match[str] | None:
    match = _KEYWORD.match(line)
    if match:
        return match
    if language in {"bash", "zsh"}:
        return _SHELL.fullmatch(line)
    if language in {"c", "cpp", "arduino"} and not _NO_STATEMENT.match(line):
        return _C_LIKE.fullmatch(line)
    return None


def _above(lines: list[str], line: int) -> int:
    while line > 0 and _ABOVE.match(lines[line - 1]):
        line -= 1
    return line
