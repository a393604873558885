"""The disks' benchmark: where it may write how much, and what fio said."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, TypedDict

from homelab.audit.sections import Raw, read
from homelab.facts import Benchmark, Facts, Mount
from homelab.units import MIB

SHARE_OF_FREE = 20
"""A benchmark takes at most this part of the free space: 5 %, so that it never fills a disk."""

LARGEST_MIB = {"nvme": 1024, "ssd": 1024, "hdd": 256, "emmc": 256, "sd": 256}
"""Larger than the caches of such disks' controllers; small enough for a slow one to write in half a minute."""

SMALLEST_MIB = 64
"""A smaller file would measure the disk's own cache; a disk with less room is left alone."""

QUEUE_DEPTH = 32
"""As in files/storage_benchmark.sh."""


class Target(TypedDict):
    """One file system to measure: `size_mib` MiB are written in `folder`."""

    path: str
    folder: str
    size_mib: int


def targets(facts: Facts, own_folder: str) -> list[Target]:
    """One file system of each disk: the one that holds `own_folder`, which may be empty, else the roomiest."""
    own = facts.storage.mount_of(own_folder) if own_folder else None
    chosen: dict[str | None, Mount] = {}
    for mount in sorted(facts.storage.mounts, key=lambda mount: (mount == own, mount.free_bytes)):
        if not mount.read_only:
            chosen[mount.device] = mount
    return [
        Target(path=mount.path, folder=own_folder if mount == own else mount.path, size_mib=_size(mount))
        for mount in sorted(chosen.values(), key=lambda mount: mount.path)
        if _size(mount) >= SMALLEST_MIB
    ]


def _size(mount: Mount) -> int:
    return min(LARGEST_MIB[mount.storage_class], mount.free_bytes // MIB // SHARE_OF_FREE)


def with_disks(facts: Facts, results: Sequence[tuple[Target, str]], seconds: int, now: datetime) -> Facts:
    """`facts` with what fio printed for each target; a disk that could not be measured becomes a warning."""
    found: dict[str, Benchmark] = {}
    warnings = list(facts.warnings)
    for target, output in results:
        raw = read(facts.host, output)
        benchmark = _benchmark(raw, target, seconds, now)
        warnings += raw.warnings
        if benchmark:
            found[target["path"]] = benchmark
    mounts = tuple(
        mount.model_copy(update={"benchmark": found.get(mount.path, mount.benchmark)})
        for mount in facts.storage.mounts
    )
    storage = facts.storage.model_copy(update={"mounts": mounts})
    return facts.model_copy(update={"storage": storage, "warnings": tuple(warnings)})


def _benchmark(raw: Raw, target: Target, seconds: int, now: datetime) -> Benchmark | None:
    section = raw["fio"] if raw["fio"].ok else raw["fio-buffered"]
    if not section.ok:
        if raw["fio"].missing and "fio-version" not in raw.sections:
            reason = "we may not write there" if "folder" in raw.sections else "fio is not installed"
        else:
            reason = f"fio ends with status {section.status}"
        return raw.warn("storage_benchmark", f"{PurePosixPath(target['path'])}: {reason}", None)
    jobs: Mapping[str, Any] = {job["jobname"]: job for job in json.loads(section.text)["jobs"]}

    def megabytes(job: str, way: str) -> float:
        return round(float(jobs[job][way]["bw_bytes"]) / 1e6, 1)

    return Benchmark(
        measured_at=now.replace(microsecond=0),
        tool=raw["fio-version"].line(),
        size_mib=target["size_mib"],
        runtime_s=seconds,
        queue_depth=QUEUE_DEPTH,
        direct=raw["fio"].ok,
        sequential_read_mb_s=megabytes("sequential-read", "read"),
        sequential_write_mb_s=megabytes("sequential-write", "write"),
        random_read_mb_s=megabytes("random-read", "read"),
        random_write_mb_s=megabytes("random-write", "write"),
        random_read_iops=round(jobs["random-read"]["read"]["iops"]),
        random_write_iops=round(jobs["random-write"]["write"]["iops"]),
        fsync_p99_us=round(jobs["fsync"]["sync"]["lat_ns"]["percentile"]["99.000000"] / 1000),
    )
