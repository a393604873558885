"""Facts of machines that one does not own: a recorded one, or one described in a few words, or both."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from homelab.document import meant
from homelab.errors import InvalidInput, Problem
from homelab.facts import Cpu, Facts, Gpu, Homelab, Mount, Network, Storage, StorageClass, load
from homelab.units import GIB, MIB

RECORDED = Path(__file__).parents[2] / "tests/fixtures/hosts"
"""Real machines and some composed from public data; its README says which are which."""

NOMINAL_PERCENT = 97
"""Of a nominal memory size; what the kernel leaves to programs (31.2 GiB measured of 32)."""

Architecture = Literal["x86_64", "arm64"]


@dataclass(frozen=True, slots=True)
class Machine:
    """What was said of it; None is left as recorded, or plain. Sizes are bytes."""

    ram: int | None = None
    cores: int | None = None
    disk: int | None = None
    disk_class: StorageClass | None = None
    gpu_vram: int | None = None
    unified: bool = False
    architecture: Architecture | None = None


def recorded() -> list[str]:
    return sorted(path.stem for path in RECORDED.glob("*.json"))


def facts_of(machine: Machine, name: str | None = None) -> Facts:
    """The facts of the recorded host `name`, else of a plain machine, changed as `machine` says.

    Raises InvalidInput for a name that is not recorded, or a machine without memory.
    """
    if name is not None and name not in recorded():
        raise InvalidInput(Problem("--host", name, "no such recorded host", meant(name, recorded())))
    if name is None and machine.ram is None:
        fix = "say --ram 32GiB, or --host with a recorded one"
        raise InvalidInput(Problem("what-if", "no memory", "a machine is planned by its memory", fix))
    facts = load(RECORDED / f"{name}.json") if name is not None else _plain()
    return changed(facts, machine)


def changed(facts: Facts, machine: Machine) -> Facts:
    """The same machine with what was said of it, and all else as it is."""
    measured, cpu = facts.homelab, facts.cpu
    if machine.ram is not None:
        mib = machine.ram // MIB * NOMINAL_PERCENT // 100
        measured = measured.model_copy(update={"total_ram_mb": mib, "available_ram_mb": mib})
    if machine.cores is not None:
        measured = measured.model_copy(update={"cpu_cores": machine.cores})
    if machine.unified:
        measured = measured.model_copy(update={"unified_memory": True})
    if machine.architecture is not None and machine.architecture != measured.architecture:
        measured = measured.model_copy(update={"architecture": machine.architecture})
        cpu = _cpu(machine.architecture)
    gpu = facts.gpu
    if machine.gpu_vram is not None or (machine.unified and not gpu.has_gpu):
        vram = measured.total_ram_mb if machine.gpu_vram is None else machine.gpu_vram // MIB
        gpu = Gpu(has_gpu=True, vendor="nvidia", gpu_name="imagined", gpu_count=1, gpu_vram_mb=vram)
    elif measured.unified_memory:
        gpu = gpu.model_copy(update={"gpu_vram_mb": measured.total_ram_mb})  # one pool for both
    storage = facts.storage
    if machine.disk is not None or machine.disk_class is not None:
        storage = _storage(facts.storage, machine)
    parts = {"homelab": measured, "cpu": cpu, "gpu": gpu, "storage": storage}
    return facts.model_copy(update=parts)


def _storage(storage: Storage, machine: Machine) -> Storage:
    old = storage.mount_of("/")
    size = machine.disk if machine.disk is not None else (old.size_bytes if old else 500 * GIB)
    kind = machine.disk_class or (old.storage_class if old else "ssd")
    mount = Mount(
        path="/",
        source="imagined",
        device=None,
        filesystem="ext4",
        size_bytes=size,
        free_bytes=size,
        storage_class=kind,
        read_only=False,
    )
    return Storage(devices=(), mounts=(mount,))


def _cpu(architecture: Architecture) -> Cpu:
    x86 = architecture == "x86_64"
    return Cpu(
        cpu_model="imagined",
        flags=("avx", "avx2") if x86 else ("asimd",),
        has_avx=x86,
        has_avx2=x86,
        has_avx512=False,
        has_neon=not x86,
    )


def _plain() -> Facts:
    """An x86_64 Debian machine with eight cores and a 500 GiB SSD."""
    host = "imagined"
    measured = Homelab(
        schema_version=1,
        audited_at=datetime.now(UTC),
        host=host,
        machine_id=None,
        boot_id=None,
        total_ram_mb=1,
        available_ram_mb=0,
        cpu_cores=8,
        architecture="x86_64",
        os_family="debian",
        os_release="Debian GNU/Linux 12 (bookworm)",
        kernel="6.1.0",
        page_size=4096,
        cgroup_version=2,
        memory_cgroup=True,
        model=None,
        virtualization="none",
        unified_memory=False,
    )
    return Facts(
        schema_version=1,
        host=host,
        homelab=measured,
        cpu=_cpu("x86_64"),
        gpu=Gpu(has_gpu=False),
        storage=_storage(Storage(devices=(), mounts=()), Machine()),
        network=Network(peers=()),
        warnings=(),
    )
