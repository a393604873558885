"""Source code: one listing per outer function or class, each under a heading with its name."""

import re
from dataclasses import dataclass
from itertools import pairwise

from pygments.lexers import get_lexer_by_name
from pygments.token import Name

from pipeline.adapters.extractors.parts import Parts
from pipeline.contract import Block

_DEFINITIONS = (tuple(Name.Function), tuple(Name.Class))
_KEYWORD = re.compile(
    r"\s*(?:(?:export|default|public|private|protected|internal|static|final|abstract|async|pub(?:\(\w+\))?|unsafe"
    r"|const|extern|override|sealed|data|open)\s+)*"
    r"(?:def|class|function|func|fn|fun|struct|enum|trait|impl|interface|type|module|sub|proc|record|object|local"
    r" function)\b"
)
"""What a line with a definition begins with. The lexers of some languages give calls the same token."""

_C_LIKE = re.compile(r"[\w:<>*&,\[\]\s~]+\([^;]*\)\s*(?:const\s*)?\{?\s*")
_SHELL = re.compile(r"[\w.-]+\s*\(\)\s*\{?.*")
_LEADING = re.compile(r"\s*(?:#(?!!)|//|/\*|\*|@|\[|--|;|\"\"\")")
_C_LIKE_LANGUAGES = frozenset({"c", "cpp", "java", "csharp", "arduino", "dart", "objective-c"})

MAX_LEXED = 2 * 1024**2
"""Characters. Lexers take about 1 s per MiB; beyond this it is generated code or data, which has no outline."""


@dataclass(frozen=True, slots=True)
class _Definition:
    line: int
    name: str


def extract(text: str, language: str) -> Parts:
    """`language` is a pygments alias. Unnamed code before, between and after definitions is kept."""
    lines = text.split("\n")
    blocks: list[Block] = []
    cut = [*_outer(text, lines, language), _Definition(len(lines), "")]
    _listing(blocks, lines[: cut[0].line])
    for this, following in pairwise(cut):
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
    found: list[_Definition] = []
    offset, line = 0, 0
    for position, kind, value in get_lexer_by_name(language).get_tokens_unprocessed(text):
        if kind[:2] not in _DEFINITIONS:
            continue
        line += text.count("\n", offset, position)
        offset = position
        if not found or found[-1].line != line:
            found.append(_Definition(line, value.strip()))
    found = [each for each in found if _defines(lines[each.line], language)]
    if not found:
        return []
    margin = min(_indent(lines[each.line]) for each in found)
    outer = [each for each in found if _indent(lines[each.line]) == margin]
    return [_Definition(_above(lines, each.line), each.name) for each in outer]


def _defines(line: str, language: str) -> bool:
    if _KEYWORD.match(line):
        return True
    if language in _C_LIKE_LANGUAGES:
        return _C_LIKE.fullmatch(line) is not None
    return language in {"bash", "zsh"} and _SHELL.fullmatch(line) is not None


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _above(lines: list[str], line: int) -> int:
    while line > 0 and _LEADING.match(lines[line - 1]):
        line -= 1
    return line
