"""Identity, operating system, kernel, control groups, and what the machine is made of."""

import json
import re
from dataclasses import dataclass
from typing import Literal

from homelab.audit.sections import Raw, Section

FAMILIES = {
    "debian": "debian",
    "ubuntu": "debian",
    "raspbian": "debian",
    "fedora": "rhel",
    "rhel": "rhel",
    "arch": "arch",
    "suse": "suse",
    "alpine": "alpine",
    "haos": "haos",
}


@dataclass(frozen=True, slots=True)
class System:
    """Field names are the keys of `homelab.fact`."""

    machine_id: str | None
    boot_id: str | None
    os_family: str
    os_release: str
    kernel: str
    cgroup_version: Literal[1, 2] | None
    memory_cgroup: bool
    model: str | None
    virtualization: str


def system(raw: Raw, kind: Literal["linux", "haos"]) -> System:
    """`kind` is what lab.yaml says: Home Assistant's SSH app is a container that looks like Alpine."""
    family, release = _release(raw, kind)
    version = _cgroup_version(raw)
    return System(
        machine_id=_machine_id(raw),
        boot_id=raw["boot-id"].line() or raw.warn("boot-id", "the kernel does not tell its boot id", None),
        os_family=family,
        os_release=release,
        kernel=" ".join(raw["uname"].line().split(" ")[1:2]) or raw.warn("uname", "uname says nothing", "unknown"),
        cgroup_version=version,
        memory_cgroup=_memory_cgroup(raw, version),
        model=_model(raw),
        virtualization=_virtualization(raw),
    )


def _machine_id(raw: Raw) -> str | None:
    """/etc/machine-id; containers often have none, then the board's serial number."""
    if identity := raw["machine-id"].line() or raw["serial"].line():
        return identity
    return raw.warn("machine-id", "neither /etc/machine-id nor a serial number tells which machine this is", None)


def _release(raw: Raw, kind: str) -> tuple[str, str]:
    told = dict(re.findall(r"(?m)^(\w+)=\"?(.*?)\"?$", raw["os-release"].text))
    name = told.get("PRETTY_NAME") or told.get("NAME")
    if kind == "haos":
        return "haos", _supervisor(raw["ha-host"]).get("operating_system") or name or "Home Assistant OS"
    for identity in (told.get("ID", ""), *told.get("ID_LIKE", "").split()):
        if identity in FAMILIES:
            return FAMILIES[identity], name or identity
    if name is None:
        name = raw.warn("os-release", "/etc/os-release does not name the system", "unknown")
    return told.get("ID") or "unknown", name


def _cgroup_version(raw: Raw) -> Literal[1, 2] | None:
    """2 when the unified hierarchy is the one at /sys/fs/cgroup; 1 also where both are mounted."""
    kinds = {line.split(" ")[2] for line in raw["mounts"].text.splitlines() if " /sys/fs/cgroup" in line}
    if "cgroup" in kinds:
        return 1
    if "cgroup2" in kinds:
        return 2
    return raw.warn("mounts", "no control groups are mounted", None)


def _memory_cgroup(raw: Raw, version: int | None) -> bool:
    """Whether memory can be limited; Raspberry Pi OS needs `cgroup_enable=memory` in cmdline.txt for it."""
    if version == 2:
        return "memory" in raw["cgroup-controllers"].text.split()
    enabled = re.search(r"(?m)^memory\s+(\d+)\s+\d+\s+1$", raw["cgroups"].text)
    return version == 1 and enabled is not None and enabled[1] != "0"


def _model(raw: Raw) -> str | None:
    """The board. DMI repeats the vendor in some products, and leaves placeholders in others."""
    if board := raw["model"].line():
        return board
    vendor, product = raw["dmi-vendor"].line(), raw["dmi-product"].line()
    words = [text for text in (vendor, product) if text and "O.E.M." not in text and text != "System Product Name"]
    if len(words) == 2 and product.startswith(vendor):
        words = [product]
    return " ".join(words) or _supervisor(raw["ha-os"]).get("board")


def _virtualization(raw: Raw) -> str:
    """As systemd-detect-virt names it (it prints `none`, with status 1, on bare metal); else by the traces."""
    if told := raw["virtualization"].text.strip():
        return told
    if container := raw["container"].line():
        return container
    if "microsoft" in raw["uname"].text.lower():
        return "wsl"
    return "vm" if re.search(r"(?m)^flags\s*:.*\bhypervisor\b", raw["cpuinfo"].text) else "none"


def _supervisor(section: Section) -> dict[str, str]:
    """The `data` of an answer of Home Assistant's Supervisor; empty where there is none."""
    if not section.ok:
        return {}
    data = json.loads(section.text).get("data", {})
    return {key: str(value) for key, value in data.items() if value}
