"""What pydantic found wrong, said as where · what you gave · the rule · the fix."""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticUndefined

from homelab.document.source import Found, Loc, Source
from homelab.errors import Problem

_SECRET = re.compile(r"(?i)(password|passwd|secret|token|api_?key|private_?key)$")

_TYPES = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "dict_type": "a mapping ('key: value' lines)",
    "model_type": "a mapping ('key: value' lines)",
    "model_attributes_type": "a mapping ('key: value' lines)",
    "list_type": "a list ('- item' lines)",
    "tuple_type": "a list ('- item' lines)",
    "path_type": "a path",
}
_BOUNDS = {
    "greater_than_equal": ("ge", "at least"),
    "less_than_equal": ("le", "at most"),
    "greater_than": ("gt", "more than"),
    "less_than": ("lt", "less than"),
}
_EMPTY = ("string_too_short", "too_short")


def problems_of(error: ValidationError, model: type[BaseModel], source: Source) -> list[Found]:
    """Each error of `error` as a problem and the line it stands on."""
    errors = error.errors(include_url=False)
    misspelt = {
        (*details["loc"][:-1], close(str(details["loc"][-1]), _keys(around)))
        for details in errors
        if details["type"] == "extra_forbidden" and (around := _around(model, details["loc"])) is not None
    }
    return [
        _problem(details, model, source)
        for details in errors
        if details["loc"] not in source.unread
        and (details["type"] != "missing" or details["loc"] not in misspelt)  # its misspelling is told already
    ]


def close(word: str, known: Iterable[str]) -> str | None:
    """The one of `known` that `word` probably was meant to be."""
    folded = {name.casefold().replace("_", "-"): name for name in known}
    found = difflib.get_close_matches(word.casefold().replace("_", "-"), folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else None


def meant(word: str, known: Sequence[str], otherwise: str | None = None) -> str:
    """`did you mean nats?`, else `otherwise`, else the list of what is known."""
    guess = close(word, known)
    if guess is not None:
        return f"did you mean {guess}?"
    return f"known are {', '.join(known)}" if otherwise is None else otherwise


def show(value: object, loc: Loc = ()) -> str:
    """A value as a person would write it, short, on one line; never one that stands under a secret's name."""
    if loc and isinstance(loc[-1], str) and _SECRET.search(loc[-1]):
        return "(not shown)"
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case dict():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case str():
            return repr(value if len(value) <= 40 else f"{value[:38]}…")
        case _:
            return repr(value)


def _problem(details: ErrorDetails, model: type[BaseModel], source: Source) -> Found:
    loc = tuple(part for part in details["loc"] if part != "[key]")
    given, rule, fix = _words(details, loc, model)
    return source.line(loc), Problem(source.where(loc), given, rule, fix)


def _words(details: ErrorDetails, loc: Loc, model: type[BaseModel]) -> tuple[str, str, str]:
    kind, context = details["type"], details.get("ctx", {})
    given = show(details["input"], loc)
    field = _field(model, loc)
    if kind == "broken":
        return context.get("given", given), context["rule"], context["fix"]
    if kind == "extra_forbidden":
        around, key = _around(model, loc), str(loc[-1])
        known = () if around is None else _keys(around)
        if f"{key}_file" in known:
            return given, "no secret stands here", f"write '{key}_file: PATH'"
        return given, "no such key here", meant(key, known)
    if kind == "missing":
        return "", "this key is required", f"add '{loc[-1]}: {_example(field) or '…'}'"
    if kind == "literal_error":
        options = [option for option in _flat(field.annotation) if isinstance(option, str)] if field else []
        rule = f"must be {context['expected']}"
        guess = close(str(details["input"]), options)
        return given, rule, f"did you mean {guess}?" if guess else ""
    if kind in _TYPES:
        return given, f"must be {_TYPES[kind]}", _such_as(field)
    if kind in _BOUNDS:
        limit, words = _BOUNDS[kind]
        return given, f"must be {words} {context[limit]}", _such_as(field)
    if kind in _EMPTY:
        return given, "must not be empty", _such_as(field)
    return given, details["msg"][0].lower() + details["msg"][1:], _such_as(field)


def _such_as(field: FieldInfo | None) -> str:
    example = _example(field)
    return f"write it such as {example}" if example else ""


def _example(field: FieldInfo | None) -> str:
    """The field's first example, else its default, where that is one word or number."""
    if field is None:
        return ""
    value = field.examples[0] if field.examples else field.default
    if value is PydanticUndefined or value is None or isinstance(value, BaseModel | Mapping | list | tuple):
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _around(model: type[BaseModel], loc: Loc) -> type[BaseModel] | None:
    """The model whose key `loc[-1]` would be."""
    here: Any = model
    for part in loc[:-1]:
        here = _below(here, part)
    return next((kind for kind in _flat(here) if isinstance(kind, type) and issubclass(kind, BaseModel)), None)


def _field(model: type[BaseModel], loc: Loc) -> FieldInfo | None:
    around = _around(model, loc) if loc else None
    return None if around is None else _named(around, loc[-1])


def _named(model: type[BaseModel], part: str | int) -> FieldInfo | None:
    return next((field for name, field in model.model_fields.items() if part == (field.alias or name)), None)


def _below(annotation: Any, part: str | int) -> Any:
    """The type of what stands at `part` inside a value of type `annotation`."""
    for kind in _flat(annotation):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            field = _named(kind, part)
            if field is not None:
                return field.annotation
        elif get_origin(kind) is not None:
            inner = get_args(kind)
            return inner[-1] if isinstance(part, str) else inner[0]
    return None


def _flat(annotation: Any) -> list[Any]:
    """The alternatives of a union and the options of a literal, without Annotated."""
    origin = get_origin(annotation)
    if origin in (Union, UnionType):
        return [one for part in get_args(annotation) for one in _flat(part)]
    if hasattr(annotation, "__metadata__"):
        return _flat(annotation.__origin__)
    if str(origin) == "typing.Literal":
        return list(get_args(annotation))
    return [annotation]
