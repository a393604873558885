"""The door for every file: YAML or JSON in, a frozen model out, or all problems at once.

    class Profile(Document): ...
    profile = read(path, Profile)

A rule of its own is a validator that raises `broken(rule, fix)`; one that must name other keys than
its own raises `broken_at(...)`.
"""

import json
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from homelab.document.source import Loc, parse
from homelab.document.wording import meant, problems_of
from homelab.errors import InvalidInput

__all__ = ["Document", "Loc", "broken", "broken_at", "meant", "read"]


class Document(BaseModel):
    """A mapping that refuses unknown keys and never guesses a type: `'4222'` is no number."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        validate_default=True,
        revalidate_instances="always",  # so that the paths in a default model are resolved like written ones
        serialize_by_alias=True,
    )


M = TypeVar("M", bound=BaseModel)


def read(path: Path, model: type[M]) -> M:
    """The file at `path` as a `model`; a validator finds `path` in `info.context["path"]`.

    Raises InvalidInput with every problem of the file, in the order of its lines.
    """
    source = parse(path)
    problems = [*source.problems]
    try:
        # Through JSON, because strict JSON mode takes a list for a tuple and a text for a Path, and nothing else.
        value = model.model_validate_json(json.dumps(source.data), context={"path": path})
    except ValidationError as error:
        problems += problems_of(error, model, source)
    if problems:
        raise InvalidInput(*(problem for _, problem in sorted(problems, key=lambda found: found[0])))
    return value


def broken(rule: str, fix: str, given: str | None = None) -> PydanticCustomError:
    """For a validator to raise. `given` replaces the value in the message, where that must not be shown."""
    context: dict[str, Any] = {"rule": rule, "fix": fix}
    return PydanticCustomError("broken", "{rule}", context | ({} if given is None else {"given": given}))


def broken_at(*breaches: tuple[Loc, object, PydanticCustomError]) -> ValidationError:
    """For a model's validator to raise: each breach as (keys below the model, the value there, what is broken)."""
    return ValidationError.from_exception_data(
        "document", [InitErrorDetails(type=what, loc=loc, input=value) for loc, value, what in breaches]
    )
