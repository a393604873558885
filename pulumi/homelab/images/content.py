"""What an image is made of, as a tag: the same files give the same tag, a changed one gives another."""

import hashlib
import json
import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from homelab.errors import InvalidInput, Problem
from homelab.images.model import ROOT, Base, Catalogue, Ours
from homelab.tools import TOOLS, Tool

DIGITS = 12  # hexadecimal, of SHA-256: as many as git shows of a commit in a large repository
IGNORED = frozenset({"__pycache__", ".venv"})
"""Folders that `.containerignore` keeps out of every image."""


def tag(image: Ours, base: Base | None, root: Path = ROOT) -> str:
    """`0.1.0-1f0c3a9b2d4e`: this project's version, and the hash of the Containerfile and of all that it copies.

    Raises InvalidInput when a file that it copies is not there.
    """
    sha = hashlib.sha256()
    pins = [_pin(TOOLS[name]) for name in image.tools]
    sha.update(json.dumps([base.model_dump() if base else None, pins]).encode())
    for path in inputs(image, root):
        body = _body(image, path, root)
        runs = os.access(root / path, os.X_OK)
        sha.update(json.dumps([path.as_posix(), runs, len(body)]).encode())
        sha.update(body)
    return f"{_version(root)}-{sha.hexdigest()[:DIGITS]}"


def reference(name: str, catalogue: Catalogue, registry: str | None = None) -> str:
    """`localhost/homelab/nats:0.1.0-1f0c3a9b2d4e`, or below the registry. Raises KeyError for what is not ours."""
    image = catalogue.ours[name]
    return f"{registry or 'localhost'}/homelab/{name}:{tag(image, catalogue.base(image))}"


def _pin(tool: Tool) -> list[Any]:
    """What a pinned tool is built from, on whatever machine."""
    files = sorted(path for path in tool.source.rglob("*") if path.is_file()) if tool.source else []
    return [tool.name, tool.version, [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]]


def inputs(image: Ours, root: Path = ROOT) -> list[Path]:
    """The Containerfile and the files that it copies out of the repository, relative to the root, in order."""
    containerfile = Path(image.containerfile)
    found = {containerfile}
    for source in _copied((root / containerfile).read_text(encoding="utf-8")):
        files = list(_files(root, Path(source)))
        if not files:
            raise InvalidInput(Problem(image.containerfile, f"COPY {source}", "it must exist", "mend the line"))
        found.update(files)
    return sorted(found)


def _copied(text: str) -> Iterator[str]:
    """The sources of every COPY out of the build context; those with --from are of another one."""
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        words = line.split()
        if words[:1] == ["COPY"] and not any(word.startswith("--from=") for word in words):
            yield from [word for word in words[1:] if not word.startswith("--")][:-1]


def _files(root: Path, source: Path) -> Iterator[Path]:
    if (root / source).is_file():
        yield source
        return
    for folder, folders, names in os.walk(root / source):
        folders[:] = [name for name in folders if name not in IGNORED]
        yield from ((Path(folder) / name).relative_to(root) for name in names)


def _body(image: Ours, path: Path, root: Path) -> bytes:
    """A file as far as it decides what is in the image."""
    if image.package is not None and path == Path("uv.lock"):
        return _told(_closure(_toml(root / path), image.package))
    if image.package is not None and path == Path("pyproject.toml"):
        return _told(_toml(root / path).get("tool", {}).get("uv", {}))
    return (root / path).read_bytes()


def _closure(lock: dict[str, Any], package: str) -> list[Any]:
    """The lock's entries of `package` and of everything that it needs, on whatever system."""
    entries: dict[str, list[Any]] = {}
    for entry in lock["package"]:
        entries.setdefault(entry["name"], []).append(entry)
    found: set[str] = set()
    waiting = [package]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        for entry in entries.get(name, ()):
            needed = [*entry.get("dependencies", ())]
            for extra in entry.get("optional-dependencies", {}).values():
                needed += extra
            waiting += [need["name"] for need in needed]
    return [entry for name in sorted(found) for entry in entries.get(name, ())]


def _toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _told(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, default=str).encode()


def _version(root: Path) -> str:
    version: str = _toml(root / "pyproject.toml")["project"]["version"]
    return version
