"""Disks and the file systems on them."""

import json
import re
from collections.abc import Iterator
from typing import Any

from homelab.audit.sections import Raw
from homelab.facts import Device, Mount, Storage, StorageClass

SECTOR = 512
"""Bytes; /sys/block/*/size counts these whatever the disk's own sectors are."""

KIB = 1024

NOT_DISKS = re.compile(r"(loop|ram|zram|sr|fd|nbd|dm-|md|mtdblock)\d+|mmcblk\d+(boot\d|rpmb)")
VIRTUAL = re.compile(r"(vd|xvd)[a-z]+")

# Mounts of containers and pods repeat what is mounted elsewhere; boot partitions hold no data.
NOT_DATA = ("/var/lib/docker/", "/var/lib/kubelet/", "/var/lib/containers/", "/run/", "/snap/", "/boot", "/proc/")

SLOWEST_FIRST: tuple[StorageClass, ...] = ("hdd", "sd", "emmc", "ssd", "nvme")


def storage(raw: Raw) -> Storage:
    """Devices in the order of their names, mounts in the order of their paths."""
    devices = {device.name: device for device in _devices(raw)}
    return Storage(
        devices=tuple(devices[name] for name in sorted(devices)),
        mounts=tuple(sorted(_mounts(raw, devices), key=lambda mount: mount.path)),
    )


def _devices(raw: Raw) -> Iterator[Device]:
    for line in raw["disks"].text.splitlines():
        name, sectors, rotational, removable, card, model = line.split(" ", 5)
        if NOT_DISKS.fullmatch(name) or not sectors.isdecimal() or int(sectors) == 0:
            continue
        yield Device(
            name=name,
            size_bytes=int(sectors) * SECTOR,
            storage_class=_class(raw, name, rotational, card),
            model=" ".join(model.split()) or None,
            removable=removable == "1",
        )


def _class(raw: Raw, name: str, rotational: str, card: str) -> StorageClass:
    """From the name and the kernel's flags; of a virtual disk the hypervisor's default says nothing."""
    assumed: StorageClass
    if name.startswith("nvme"):
        return "nvme"
    if name.startswith("mmcblk"):
        if card == "MMC":
            return "emmc"
        if card == "-":
            raw.warn("disks", f"{name}: the kernel does not tell eMMC from SD", "sd")
        return "sd"
    if VIRTUAL.fullmatch(name) and rotational != "0":
        assumed = "ssd"
        raw.warn("disks", f"{name}: a virtual disk does not tell what is below it", assumed)
        return assumed
    if rotational not in ("0", "1"):
        assumed = "hdd"
        raw.warn("disks", f"{name}: the kernel does not tell whether it rotates", assumed)
        return assumed
    return "hdd" if rotational == "1" else "ssd"


def _mounts(raw: Raw, devices: dict[str, Device]) -> Iterator[Mount]:
    spaces = {path: (size, free) for size, free, path in _df(raw["df"].text)}
    if not spaces:
        raw.warn("df", f"df ends with status {raw['df'].status}", "no mounts")
    below = _disks_below(raw)
    mounted = {_unescape(path): (source, kind, options) for source, path, kind, options in _proc_mounts(raw)}
    for path, (size, free) in spaces.items():
        if path.startswith(NOT_DATA) or path not in mounted or size == 0:
            continue
        source, kind, options = mounted[path]
        name = source.removeprefix("/dev/mapper/").removeprefix("/dev/")
        names = below.get(name) or below.get(path) or {_whole(name)}
        disks = [devices[name] for name in sorted(names) if name in devices]
        storage_class: StorageClass = "ssd"
        if disks:
            storage_class = min((disk.storage_class for disk in disks), key=SLOWEST_FIRST.index)
        else:
            raw.warn("lsblk", f"{path}: the disk below {source} cannot be told", storage_class)
        yield Mount(
            path=path,
            source=source,
            device=disks[0].name if disks else None,
            filesystem=kind,
            size_bytes=size,
            free_bytes=min(free, size),
            storage_class=storage_class,
            read_only="ro" in options.split(","),
        )


def _df(text: str) -> Iterator[tuple[int, int, str]]:
    """(size, free to ordinary users, path) of `df -Pk`, in bytes; root's reserve can make the free negative."""
    for row in re.finditer(r"(?m)^.+?\s(\d+)\s+\d+\s+(-?\d+)\s+(?:\d+%|-)\s+(/.*)$", text):
        yield int(row[1]) * KIB, max(int(row[2]), 0) * KIB, row[3]


def _proc_mounts(raw: Raw) -> Iterator[tuple[str, str, str, str]]:
    for line in raw["mounts"].text.splitlines():
        source, path, kind, options, *_ = line.split(" ")
        yield source, path, kind, options


def _unescape(path: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), path)


def _whole(partition: str) -> str:
    """sda1 → sda, nvme0n1p8 → nvme0n1: what holds where lsblk is missing."""
    numbered = re.fullmatch(r"(nvme\d+n\d+|mmcblk\d+)p\d+", partition)
    return numbered[1] if numbered else re.sub(r"(?<=^[shvx]d[a-z])\d+$", "", partition)


def _disks_below(raw: Raw) -> dict[str, set[str]]:
    """The disks below each partition, volume and mount point, as `lsblk -J` nests them."""
    below: dict[str, set[str]] = {}

    def visit(node: dict[str, Any], disk: str) -> None:
        for key in (node.get("name"), node.get("kname"), node.get("mountpoint")):
            if key:
                below.setdefault(key, set()).add(disk)
        for child in node.get("children", ()):
            visit(child, disk)

    if raw["lsblk"].ok:
        for node in json.loads(raw["lsblk"].text)["blockdevices"]:
            visit(node, node["kname"])
    return below
