"""The engine's property values as plain ones: secrets unwrapped and marked again, whole floats as integers."""

import base64
from collections.abc import Iterator, Mapping
from typing import Any

from google.protobuf.struct_pb2 import Struct, Value

SIGNATURE = "4dabf18193072939515e22adb298388d"  # the key of every typed value; pulumi sdk/go/common/resource/sig
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the signature of a secret, from the same place
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"  # what a preview says for a value that is not known yet

Path = tuple[str | int, ...]
"""Where a value stands: ("spec", "containers", 0, "image")."""


def wrapped(struct: Struct) -> dict[str, Any]:
    """The values as sent, secrets still wrapped. Protobuf has only floats: whole ones become integers again."""
    return {key: _read(value) for key, value in struct.fields.items()}


def _read(value: Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return wrapped(value.struct_value)
    if kind == "list_value":
        return [_read(one) for one in value.list_value.values]
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "string_value":
        return value.string_value
    return value.bool_value if kind == "bool_value" else None


def _is_secret(value: Any) -> bool:
    return isinstance(value, Mapping) and value.get(SIGNATURE) == SECRET


def plain(value: Any) -> Any:
    """Without the wrapping of secrets, at any depth."""
    if _is_secret(value):
        return plain(value["value"])
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list) else value


def secret_paths(value: Any, at: Path = ()) -> Iterator[Path]:
    """Where secrets are wrapped; nothing below one is looked at."""
    if _is_secret(value):
        yield at
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from secret_paths(one, (*at, key))
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from secret_paths(one, (*at, index))


def secret(value: Any) -> dict[str, Any]:
    return {SIGNATURE: SECRET, "value": value}


def marked(value: Any, paths: frozenset[Path], at: Path = ()) -> Any:
    """`value` with everything at `paths` wrapped as a secret; paths that lead nowhere are passed over."""
    if at in paths:
        return secret(value)
    if isinstance(value, Mapping):
        return {key: marked(one, paths, (*at, key)) for key, one in value.items()}
    if isinstance(value, list):
        return [marked(one, paths, (*at, index)) for index, one in enumerate(value)]
    return value


def without_secrets(message: str, value: Any) -> str:
    """`message` with every secret text of `value`, bare or in base64, replaced; servers quote what they refuse."""
    texts = {text for path in secret_paths(value) for text in _texts(plain(_at(value, path)))}
    for text in sorted(texts, key=len, reverse=True):
        encoded = base64.b64encode(text.encode()).decode()
        message = message.replace(text, "[secret]").replace(encoded, "[secret]")
    return message


def _at(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str) and value:
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def struct(value: Mapping[str, Any]) -> Struct:
    made = Struct()
    made.update(value)
    return made
