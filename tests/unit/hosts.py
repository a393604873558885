"""Facts made up for arithmetic: a machine of a given size, everything else plain."""

import json

from homelab.facts import Facts

GIB = 1024**3


def facts(
    ram_mib: int,
    *,
    cores: int = 8,
    disk_gib: int = 1000,
    free_gib: int | None = None,
    storage: str = "nvme",
    flags: tuple[str, ...] = ("avx", "avx2"),
    host: str = "desktop",
    vram_mib: int | None = None,
    unified: bool = False,
) -> Facts:
    """`vram_mib` is a card's; `unified` a GPU that computes in main memory."""
    gpu: dict[str, object] = {"has_gpu": False}
    if vram_mib is not None or unified:
        vram = ram_mib if vram_mib is None else vram_mib
        gpu = {"has_gpu": True, "vendor": "nvidia", "gpu_name": "made up", "gpu_count": 1, "gpu_vram_mb": vram}
    document = {
        "schema_version": 1,
        "host": host,
        "homelab": {
            "schema_version": 1,
            "audited_at": "2026-11-20T00:00:00Z",
            "host": host,
            "machine_id": "0123456789abcdef0123456789abcdef",
            "boot_id": None,
            "total_ram_mb": ram_mib,
            "available_ram_mb": ram_mib // 2,
            "cpu_cores": cores,
            "architecture": "x86_64",
            "os_family": "debian",
            "os_release": "Debian GNU/Linux 12 (bookworm)",
            "kernel": "6.1.0",
            "page_size": 4096,
            "cgroup_version": 2,
            "memory_cgroup": True,
            "model": None,
            "virtualization": "none",
            "unified_memory": unified,
        },
        "cpu_capabilities": {
            "cpu_model": "made up",
            "flags": sorted(flags),
            "has_avx": "avx" in flags,
            "has_avx2": "avx2" in flags,
            "has_avx512": "avx512f" in flags,
            "has_neon": "asimd" in flags,
        },
        "gpu_info": gpu,
        "storage_performance": {
            "devices": [],
            "mounts": [
                {
                    "path": "/",
                    "source": "/dev/nvme0n1p2",
                    "device": "nvme0n1",
                    "filesystem": "ext4",
                    "size_bytes": disk_gib * GIB,
                    "free_bytes": (disk_gib if free_gib is None else free_gib) * GIB,
                    "class": storage,
                    "read_only": False,
                }
            ],
        },
        "network_profile": {"peers": []},
        "warnings": [],
    }
    return Facts.model_validate_json(json.dumps(document))
