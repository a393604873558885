"""Decrypted values in memory: frozen, and masked wherever they would be shown."""

from collections.abc import Iterator, Mapping
from typing import NoReturn, TypeVar

V = TypeVar("V")


class Masked(Mapping[str, V]):
    """A mapping whose `repr`, `str` and format name its keys and never its values."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, V]) -> None:
        self._values = dict(values)

    def __getitem__(self, key: str) -> V:
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self._values)})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("cannot pickle or copy: secrets stay where they were read")


class Secret(Masked[str]):
    """The values of one file by their keys."""


class Secrets(Masked[Secret]):
    """`secrets["garage"]["rpc_secret"]`"""
