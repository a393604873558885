"""Raw outputs of one host → its facts, and which facts to keep when little has changed."""

from datetime import datetime, timedelta
from typing import Literal

from homelab.audit import sections
from homelab.audit.cpu import architecture, cores, cpu
from homelab.audit.gpu import gpu
from homelab.audit.held import with_held
from homelab.audit.memory import memory
from homelab.audit.storage import storage
from homelab.audit.system import system
from homelab.facts import SCHEMA_VERSION, Facts, Homelab, Mount, Network
from homelab.units import GIB

FREE_SPACE_MOVES = 2 * GIB
"""Bytes, or 2 % of the file system where that is more: by so much free space may drift before facts count as
changed. It is below any share that is computed from it."""


def measure(host: str, output: str, *, kind: Literal["linux", "haos"], now: datetime) -> Facts:
    """The facts in the collector's output, without benchmarks. Raises InvalidInput when it is not whole."""
    raw = sections.read(host, output)
    ram = memory(raw)
    machine = architecture(raw)
    adapter, unified = gpu(raw, ram.total, machine)
    told = system(raw, kind)
    homelab = Homelab(
        schema_version=SCHEMA_VERSION,
        audited_at=now.replace(microsecond=0),
        host=host,
        machine_id=told.machine_id,
        boot_id=told.boot_id,
        total_ram_mb=ram.total,
        available_ram_mb=ram.available,
        cpu_cores=cores(raw),
        architecture=machine,
        os_family=told.os_family,
        os_release=told.os_release,
        kernel=told.kernel,
        page_size=ram.page_size,
        cgroup_version=told.cgroup_version,
        memory_cgroup=told.memory_cgroup,
        model=told.model,
        virtualization=told.virtualization,
        unified_memory=unified,
    )
    return Facts(
        schema_version=SCHEMA_VERSION,
        host=host,
        homelab=homelab,
        cpu=cpu(raw),
        gpu=adapter,
        storage=with_held(raw, storage(raw)),
        network=Network(peers=()),
        warnings=tuple(raw.warnings),
    )


def settle(measured: Facts, stored: Facts | None, refresh: timedelta) -> Facts:
    """`stored` where it still holds and is younger than `refresh`, so that a second audit changes nothing."""
    if stored is None or _lasting(measured) != _lasting(stored):
        return measured
    young = measured.homelab.audited_at - stored.homelab.audited_at < refresh
    return stored if young and _space_holds(measured, stored) else measured


def keep_benchmarks(measured: Facts, stored: Facts | None) -> Facts:
    """`measured` with the earlier results of the same disks, and of the ways to other hosts."""
    if stored is None or stored.homelab.machine_id != measured.homelab.machine_id:
        return measured
    earlier = {_identity(mount): mount.benchmark for mount in stored.storage.mounts}
    mounts = tuple(
        mount.model_copy(update={"benchmark": mount.benchmark or earlier.get(_identity(mount))})
        for mount in measured.storage.mounts
    )
    fresh = {peer.peer for peer in measured.network.peers}
    peers = (*measured.network.peers, *(peer for peer in stored.network.peers if peer.peer not in fresh))
    return measured.model_copy(
        update={
            "storage": measured.storage.model_copy(update={"mounts": mounts}),
            "network": Network(peers=tuple(sorted(peers, key=lambda peer: peer.peer))),
        }
    )


def _identity(mount: Mount) -> tuple[str, str, str, int]:
    return mount.path, mount.source, mount.filesystem, mount.size_bytes


def _lasting(facts: Facts) -> dict[str, object]:
    """Everything but what moves by itself: the time, and the memory and disk space that are free."""
    kept = facts.model_dump(exclude={"homelab": {"audited_at", "available_ram_mb"}, "storage": {"mounts"}})
    space = {"free_bytes", "platform_bytes", "image_bytes", "model_bytes"}
    return kept | {"mounts": [mount.model_dump(exclude=space) for mount in facts.storage.mounts]}


def _space_holds(measured: Facts, stored: Facts) -> bool:
    """What the platform writes moves from free to held, and changes nothing that is planned."""
    return all(
        abs(new.free_bytes + new.held_bytes - old.free_bytes - old.held_bytes)
        <= max(FREE_SPACE_MOVES, new.size_bytes // 50)
        for new, old in zip(measured.storage.mounts, stored.storage.mounts, strict=True)
    )
