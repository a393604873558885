"""GPUs that programs can compute on, and accelerators of other kinds.

A GPU counts when its memory is known: an NVIDIA one whose driver answers, an AMD one that amdgpu runs, or one that
shares the machine's memory (Jetson, DGX Spark). The others are listed as adapters.
"""

import re
from dataclasses import dataclass

from homelab.audit.sections import Raw
from homelab.facts import Gpu
from homelab.units import MIB

VENDORS = {"10de": "NVIDIA", "1002": "AMD", "8086": "Intel"}

# PCI ids of Hailo Technologies (1e60); Hailo-8 and Hailo-8L share theirs.
ACCELERATORS = {"1e60:2864": "Hailo-8 or Hailo-8L", "1e60:45c4": "Hailo-10H"}

# Device tree → name, compute capability (CUDA documentation; for Thor its sources differ, so it is not told).
TEGRA = {
    "nvidia,tegra194": ("Xavier", "7.2"),
    "nvidia,tegra234": ("Orin", "8.7"),
    "nvidia,tegra264": ("Thor", None),
}

# Jetson Linux release → the JetPack it belongs to, where no package tells more.
JETPACK = {"32": "4", "34": "5", "35": "5", "36": "6", "38": "7"}


@dataclass(frozen=True, slots=True)
class Card:
    """A row of nvidia-smi; `vram` in MiB, None where it says [N/A] or Not Supported."""

    name: str
    vram: int | None
    driver: str | None
    capability: str | None


def gpu(raw: Raw, total_ram_mb: int, architecture: str) -> tuple[Gpu, bool]:
    """The GPU and whether it shares the machine's `total_ram_mb` MiB of memory."""
    devices = _pci(raw)
    adapters = tuple(
        f"{VENDORS[pci[:4]]} {pci}" for kind, pci in devices if kind[:2] == "03" and pci[:4] in VENDORS
    )
    accelerators = tuple(ACCELERATORS[pci] for _, pci in devices if pci in ACCELERATORS)
    cards = _nvidia(raw)
    shared = _tegra(raw, cards, total_ram_mb) or _grace(cards, total_ram_mb, architecture)
    found = shared or _discrete(cards) or _amd(raw, adapters) or Gpu(has_gpu=False)
    if not found.has_gpu and (seen := [card.name for card in cards] or adapters):
        raw.warn("gpu", f"{', '.join(seen)} is there, but no driver tells its memory", False)
    return found.model_copy(update={"adapters": adapters, "accelerators": accelerators}), shared is not None


def _pci(raw: Raw) -> list[tuple[str, str]]:
    """(class, vendor:device) of `lspci -n`, whose busybox form puts the word Class before the class."""
    text = raw["lspci"].text if raw["lspci"].ok else raw["pci"].text
    return re.findall(r"(?m)^[0-9a-f:.]+ (?:Class )?([0-9a-f]{4}): ([0-9a-f]{4}:[0-9a-f]{4})", text)


def _nvidia(raw: Raw) -> list[Card]:
    """Rows of nvidia-smi: name, memory, driver and, where the driver is not older than 510, compute capability."""
    section = raw["nvidia-smi"] if raw["nvidia-smi"].ok else raw["nvidia-smi-old"]
    if not section.ok:
        if not raw["nvidia-smi"].missing and not raw["tegra-release"].ok:
            status = raw["nvidia-smi"].status
            raw.warn("nvidia-smi", f"nvidia-smi ends with status {status}: no working driver", False)
        return []
    cards = []
    for line in section.text.splitlines():
        name, *rest = [_told(cell) for cell in line.split(",")]
        vram, driver, capability = (*rest, None, None, None)[:3]
        if name:
            mib = re.match(r"\d+", vram or "")
            numeric = capability if re.fullmatch(r"\d+\.\d+", capability or "") else None
            cards.append(Card(name, int(mib[0]) if mib else None, driver, numeric))
    return cards


def _told(cell: str) -> str | None:
    text = cell.strip()
    return None if text.strip("[]").lower() in ("", "n/a", "not supported", "unknown error") else text


def _describe(card: Card, count: int, vram: int) -> Gpu:
    return Gpu(
        has_gpu=True,
        vendor="nvidia",
        gpu_name=card.name,
        gpu_count=count,
        gpu_vram_mb=vram,
        driver_version=card.driver,
        compute_capability=card.capability,
    )


def _tegra(raw: Raw, cards: list[Card], total_ram_mb: int) -> Gpu | None:
    """A Jetson: told by its device tree or by Jetson Linux's own file, whatever nvidia-smi says."""
    release = re.search(r"R(\d+) \(release\), REVISION: ([\d.]+)", raw["tegra-release"].text)
    chip = next((TEGRA[line] for line in raw["compatible"].text.split() if line in TEGRA), None)
    if chip is None and release is None:
        return None
    name, capability = chip or ("Tegra", None)
    if capability is None:
        capability = raw.warn("compute_capability", f"not known for {name}", None)
    package = re.match(r"[\d.]+", raw["jetpack"].line())
    l4t = f"{release[1]}.{release[2]}" if release else None
    jetpack = package[0] if package else JETPACK.get(release[1]) if release else None
    if l4t is None:
        raw.warn("tegra-release", "Jetson Linux does not tell its release", None)
    driver = cards[0].driver if cards else None
    return _describe(Card(name, None, driver, capability), 1, total_ram_mb).model_copy(
        update={"l4t": l4t, "jetpack": jetpack}
    )


def _grace(cards: list[Card], total_ram_mb: int, architecture: str) -> Gpu | None:
    """A DGX Spark and its kin: an arm64 machine whose NVIDIA driver answers, and knows no memory of its own."""
    if architecture == "arm64" and cards and all(card.vram is None for card in cards):
        return _describe(cards[0], len(cards), total_ram_mb)
    return None


def _discrete(cards: list[Card]) -> Gpu | None:
    """The NVIDIA card with the most memory: a model must fit into one."""
    known = [(card.vram, card) for card in cards if card.vram]
    if not known:
        return None
    vram, card = max(known, key=lambda pair: pair[0])
    return _describe(card, len(known), vram)


def _amd(raw: Raw, adapters: tuple[str, ...]) -> Gpu | None:
    sizes = [int(line) // MIB for line in raw["amd-memory"].text.split() if line.isdecimal()]
    names = [name for name in adapters if name.startswith("AMD")]
    if not sizes or max(sizes) < 1:
        return None
    return Gpu(
        has_gpu=True,
        vendor="amd",
        gpu_name=names[0] if names else "AMD",
        gpu_count=len(sizes),
        gpu_vram_mb=max(sizes),
    )
