"""Files of keys and passwords: there, not empty, and read by their owner alone."""

import stat
from collections.abc import Iterator
from pathlib import Path

from homelab.doctor.finding import Finding, Id
from homelab.lab import Lab
from homelab.local import secret_files
from homelab.local.folders import Folders

OTHERS = stat.S_IRWXG | stat.S_IRWXO


def findings(lab: Lab) -> Iterator[Finding]:
    chat, embedding = lab.models.chat, lab.models.embedding
    named = {
        "models.embedding.api_key_file": embedding.api_key_file,
        "models.chat.api_key_file": None if chat is None else chat.api_key_file,
    }
    for key, path in named.items():
        if path is not None:
            yield named_file(key, path)
    yield from own(Folders(lab.local.data_dir).secrets)


def named_file(key: str, path: Path) -> Finding:
    """A file that lab.yaml names, and that only a person can write."""
    if not path.is_file():
        given = "there is no such file" if not path.exists() else "it is no file"
        return Finding(
            "keys.file", key, "fail", f"{path}: {given}", f"write the key into it, then chmod 600 {path}"
        )
    if not path.stat().st_size:
        return Finding("keys.file", key, "fail", f"{path}: it is empty", "write the key into it")
    return closed("keys.file", key, path)


def own(folder: Path) -> Iterator[Finding]:
    """The platform's own, which it makes at its first start."""
    present = [folder / name for name in secret_files.MAKERS if (folder / name).is_file()]
    if not present:
        yield Finding("keys.own", str(folder), "ok", "none yet; ./lab local-up makes them")
        return
    open_ones = [path for path in (folder, *present) if _others(path)]
    if not open_ones:
        yield Finding("keys.own", str(folder), "ok", f"{len(present)}, read by their owner alone")
    for path in open_ones:
        yield closed("keys.own", path.name, path)


def closed(finding: Id, subject: str, path: Path) -> Finding:
    """Whether only its owner can read the file or folder."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if not _others(path):
        return Finding(finding, subject, "ok", f"{path}: mode {mode:04o}")
    wanted = 700 if path.is_dir() else 600
    return Finding(finding, subject, "fail", f"{path}: mode {mode:04o} lets others in", f"chmod {wanted} {path}")


def _others(path: Path) -> bool:
    return bool(path.stat().st_mode & OTHERS)
