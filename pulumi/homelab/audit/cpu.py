"""Cores, architecture and instruction sets."""

import re

from homelab.audit.sections import Raw
from homelab.facts import Cpu

ARCHITECTURES = {"aarch64": "arm64", "amd64": "x86_64"}

# arm64 kernels name a core by numbers only: implementer 0x41 is Arm, the parts are from its manuals' MIDR_EL1.
ARM_PARTS = {
    "0xd03": "Cortex-A53",
    "0xd07": "Cortex-A57",
    "0xd08": "Cortex-A72",
    "0xd0b": "Cortex-A76",
    "0xd0c": "Neoverse-N1",
    "0xd42": "Cortex-A78AE",
    "0xd85": "Cortex-X925",
    "0xd87": "Cortex-A725",
}


def architecture(raw: Raw) -> str:
    """`x86_64`, `arm64`, or what the kernel calls it."""
    machine = raw["uname"].line().split(" ")[-1]
    return ARCHITECTURES.get(machine, machine) or raw.warn("uname", "the kernel does not say", "unknown")


def cores(raw: Raw) -> int:
    """Cores that programs may use: what the scheduler lets us have, or a smaller CPU quota, rounded down."""
    listed = len(re.findall(r"(?m)^processor\s*:", raw["cpuinfo"].text))
    count = int(raw["nproc"].line()) if raw["nproc"].line().isdecimal() else listed
    if count < 1:
        count = raw.warn("nproc", "neither nproc nor /proc/cpuinfo tells the cores", 1)
    for line in raw["cgroup-limits"].text.splitlines():
        kind, *numbers = line.split()
        if kind == "cpu" and len(numbers) == 2 and all(number.isdecimal() for number in numbers):
            quota = max(int(numbers[0]) // int(numbers[1]), 1)
            if quota < count:
                count = raw.warn("cgroup-limits", f"a cgroup limits CPU time of {count} cores", quota)
    return count


def cpu(raw: Raw) -> Cpu:
    """Flags are those that every core has: a program may be moved to any of them."""
    sets = [set(line.split()) for line in re.findall(r"(?m)^(?:flags|Features)\s*:(.*)$", raw["cpuinfo"].text)]
    flags = set.intersection(*sets) if sets else set()
    if not flags:
        raw.warn("cpuinfo", "/proc/cpuinfo lists no flags", "none")
    return Cpu(
        cpu_model=_model(raw),
        flags=tuple(sorted(flags)),
        has_avx="avx" in flags,
        has_avx2="avx2" in flags,
        has_avx512="avx512f" in flags,
        has_neon=bool(flags & {"asimd", "neon"}),
    )


def _model(raw: Raw) -> str:
    text = raw["cpuinfo"].text
    names = re.findall(r"(?m)^model name\s*:\s*(.+?)\s*$", text)
    if not names:
        cores = re.findall(r"(?ms)^CPU implementer\s*:\s*(\w+)$.*?^CPU part\s*:\s*(\w+)$", text)
        names = [
            ARM_PARTS[part] if maker == "0x41" and part in ARM_PARTS else f"implementer {maker} part {part}"
            for maker, part in cores
        ]
    return " + ".join(dict.fromkeys(names)) or raw.warn("cpuinfo", "/proc/cpuinfo names no model", "unknown")
