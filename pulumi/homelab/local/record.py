"""What `up` noted of the platform that it started, so that `status` and `down` need neither lab.yaml nor facts."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter

from homelab.local.cgroup import Cgroup
from homelab.local.folders import Folders
from homelab.local.service import Program, Service

FILE = "platform.json"


@dataclass(frozen=True, slots=True)
class Started:
    """One service of the running platform. `limit_mib` is of each program, whose command line is not kept."""

    name: str
    consumer: str
    programs: tuple[Program, ...]
    needs: tuple[str, ...]
    limit_mib: int | None
    is_step: bool


@dataclass(frozen=True, slots=True)
class Record:
    """`cgroup` is the platform's own memory cgroup, or None where memory is only sampled."""

    services: tuple[Started, ...]
    cgroup: Cgroup | None

    def cgroup_of(self, program: str) -> Cgroup | None:
        return None if self.cgroup is None else self.cgroup.child(program)


_JSON = TypeAdapter(Record)


def of(services: Sequence[Service], cgroup: Cgroup | None) -> Record:
    return Record(
        tuple(
            Started(s.name, s.consumer, tuple(map(_kept, s.programs)), s.needs, s.limit_mib, s.is_step)
            for s in services
        ),
        cgroup,
    )


def write(folders: Folders, record: Record) -> None:
    write_whole(folders.run / FILE, _JSON.dump_json(record, indent=2).decode())


def read(folders: Folders) -> Record | None:
    """None when nothing was ever started in this data folder, or the last platform was stopped."""
    path = folders.run / FILE
    return _JSON.validate_json(path.read_bytes()) if path.exists() else None


def _kept(program: Program) -> Program:
    return replace(program, argv=(), env={})


def forget(folders: Folders) -> None:
    (folders.run / FILE).unlink(missing_ok=True)


def write_whole(path: Path, text: str) -> None:
    """Write a file whole or not at all. A file that holds this text already is left alone."""
    if path.exists() and path.read_text() == text:
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    new.write_text(text)
    os.replace(new, path)  # noqa: PTH105  atomic, and says so
