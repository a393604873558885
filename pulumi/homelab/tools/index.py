"""Which package index this machine is configured for, in the words that uv and pip understand."""

import configparser
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from homelab.errors import InvalidInput, Problem

PUBLIC = "https://pypi.org/simple"
_TRUE = frozenset({"1", "true", "yes", "on", "t", "y"})


@dataclass(frozen=True, slots=True)
class Sources:
    """Where wheels may be had: `links` (folders or pages of files), then `indexes` (PEP 503 or 691).

    `certificates` is a PEM bundle or None for the system's.
    """

    links: tuple[str, ...]
    indexes: tuple[str, ...]
    certificates: str | None


def configured(environ: Mapping[str, str], home: Path, etc: Path = Path("/etc")) -> Sources:
    """Read the environment, then uv's and pip's configuration files in their usual places.

    For each value the first that says it wins: uv before pip, the environment before files, the person's file
    before the system's. Raises InvalidInput for a configuration file that cannot be read.
    """
    said = [_from_environment(environ)]
    said += [_from_uv(path) for path in _uv_files(environ, home, etc) if path.is_file()]
    said += [_from_pip(path) for path in _pip_files(environ, home, etc) if path.is_file()]

    def first(key: str) -> list[str]:
        return next((values for source in said if (values := source.get(key))), [])

    indexes: list[str] = []
    if not (no_index := first("no-index")) or no_index[0].lower() not in _TRUE:
        indexes = [*(first("index") or [PUBLIC])[:1], *first("extra")]
    certificates = first("cert")
    return Sources(
        links=tuple(first("links")),
        indexes=tuple(url.rstrip("/") for url in indexes),
        certificates=certificates[0] if certificates else None,
    )


def _from_environment(environ: Mapping[str, str]) -> dict[str, list[str]]:
    def first(*names: str) -> list[str]:
        return next((value.split() for name in names if (value := environ.get(name, "").strip())), [])

    def named(*names: str) -> list[str]:
        return [url.split("=", 1)[1] if _has_name(url) else url for url in first(*names)]

    return {
        "index": named("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"),
        "extra": named("UV_INDEX", "UV_EXTRA_INDEX_URL", "PIP_EXTRA_INDEX_URL"),
        "links": [part for text in first("UV_FIND_LINKS", "PIP_FIND_LINKS") for part in text.split(",") if part],
        "no-index": first("UV_NO_INDEX", "PIP_NO_INDEX"),
        "cert": [
            value
            for name in ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
            if (value := environ.get(name, ""))
        ],
    }


def _has_name(url: str) -> bool:
    """uv lets an index be written `name=https://…`."""
    name, equals, _ = url.partition("=")
    return bool(equals) and "/" not in name


def _uv_files(environ: Mapping[str, str], home: Path, etc: Path) -> Iterator[Path]:
    if environ.get("UV_NO_CONFIG", "").lower() in _TRUE:
        return
    if explicit := environ.get("UV_CONFIG_FILE"):
        yield Path(explicit)
        return
    yield Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "uv/uv.toml"
    yield etc / "xdg/uv/uv.toml"
    yield etc / "uv/uv.toml"


def _from_uv(path: Path) -> dict[str, list[str]]:
    try:
        content: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _unreadable(path, error) from error
    tables = content.get("index", [])
    pip = content.get("pip", {})
    index = content.get("index-url", pip.get("index-url", ""))
    default = [table["url"] for table in tables if table.get("default")] or [index]
    more = [table["url"] for table in tables if not table.get("default")]
    return {
        "index": [url for url in default if url],
        "extra": [*more, *content.get("extra-index-url", pip.get("extra-index-url", []))],
        "links": list(content.get("find-links", pip.get("find-links", []))),
        "no-index": ["true"] if content.get("no-index", pip.get("no-index")) else [],
    }


def _pip_files(environ: Mapping[str, str], home: Path, etc: Path) -> Iterator[Path]:
    if explicit := environ.get("PIP_CONFIG_FILE"):
        yield Path(explicit)
    yield Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip/pip.conf"
    yield home / ".pip/pip.conf"
    yield etc / "pip.conf"
    yield etc / "xdg/pip/pip.conf"


def _from_pip(path: Path) -> dict[str, list[str]]:
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError, configparser.Error) as error:
        raise _unreadable(path, error) from error

    def values(key: str) -> list[str]:
        sections = [section for section in ("install", "download", "global") if parser.has_option(section, key)]
        return parser.get(sections[0], key).split() if sections else []

    return {
        "index": values("index-url"),
        "extra": values("extra-index-url"),
        "links": values("find-links"),
        "no-index": values("no-index"),
        "cert": values("cert"),
    }


def _unreadable(path: Path, error: Exception) -> InvalidInput:
    reason = str(error).splitlines()[0]
    return InvalidInput(Problem(str(path), reason, "the package index is read from it", "mend or remove it"))
