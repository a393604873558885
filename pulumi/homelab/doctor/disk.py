"""The disk below the data folder: room, file system, and whether we may write there."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

from homelab.budget.storage import LEAST_GIB
from homelab.doctor.finding import Finding, Id
from homelab.lab import Lab
from homelab.units import GIB

STORES = ("postgres", "nats", "oxigraph", "garage")
"""What keeps data on it; the ledger refuses less than LEAST_GIB for each."""

KEPT_FREE_PERCENT = 10
"""Percent of the disk that the ledger never plans (profiles/default.yaml, storage.free_percent)."""

FORGETS = ("tmpfs", "ramfs")
REMOTE = ("nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "9p")
"""Over a network fsync and locks mean less than Postgres and LMDB rely on (their own documentation)."""


@dataclass(frozen=True, slots=True)
class Space:
    """Bytes, as an ordinary user may still write them."""

    size: int
    free: int


def findings(lab: Lab) -> Iterator[Finding]:
    data = lab.local.data_dir
    place = existing(data)
    space = os.statvfs(place)
    yield free(data, Space(space.f_blocks * space.f_frsize, space.f_bavail * space.f_frsize))
    yield filesystem(data, mounted_as(Path("/proc/mounts").read_text(), place.resolve()))
    yield writable(data, place, allowed=os.access(place, os.W_OK | os.X_OK))


def existing(path: Path) -> Path:
    """The folder itself, or the nearest above it that is there."""
    return next(folder for folder in (path, *path.parents) if folder.exists())


def free(data: Path, space: Space) -> Finding:
    least, spare = len(STORES) * LEAST_GIB * GIB, space.size * KEPT_FREE_PERCENT // 100
    evidence = f"{space.free / GIB:.1f} GiB free of {space.size / GIB:.0f} GiB"
    mend = "make room, or set local.data_dir to a larger disk"
    if space.free < least:
        why = f"the {len(STORES)} stores need {least // GIB} GiB at least"
        return Finding("disk.free", str(data), "fail", f"{evidence}; {why}", mend)
    if space.free < spare:
        why = f"below the {KEPT_FREE_PERCENT} % that stay free"
        return Finding("disk.free", str(data), "warn", f"{evidence}; {why}", mend)
    return Finding("disk.free", str(data), "ok", evidence)


def filesystem(data: Path, kind: str | None) -> Finding:
    name: Id = "disk.filesystem"
    subject = str(data)
    mend = "set local.data_dir to a folder on a disk of this machine"
    if kind in FORGETS:
        return Finding(name, subject, "warn", f"{kind}: in memory, and gone after a restart", mend)
    if kind in REMOTE:
        return Finding(name, subject, "warn", f"{kind}: over a network, where fsync and locks are not safe", mend)
    return Finding(name, subject, "ok", kind or "not told by /proc/mounts")


def mounted_as(mounts: str, path: PurePath) -> str | None:
    """The kind of file system in /proc/mounts that holds an absolute path: the last of the longest mounts."""
    best: tuple[int, str] | None = None
    for line in mounts.splitlines():
        _, where, kind, *_ = line.split()
        folder = PurePath(where.replace("\\040", " "))
        depth = len(folder.parts)
        if path.is_relative_to(folder) and (best is None or depth >= best[0]):
            best = depth, kind
    return None if best is None else best[1]


def writable(data: Path, place: Path, *, allowed: bool) -> Finding:
    if allowed:
        return Finding("disk.writable", str(data), "ok", "ours to write" if data == place else "to be made")
    mend = f"sudo chown -R $(id -u) {place}, or set another local.data_dir"
    return Finding("disk.writable", str(data), "fail", f"we may not write in {place}", mend)
