"""What the platform itself keeps on a machine's disks: where it would be, and what `du` said of it."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from homelab.audit.sections import Raw
from homelab.facts import Mount, Storage
from homelab.lab import Lab

K3S = PurePosixPath("/var/lib/rancher/k3s")
"""Rancher Desktop's too, inside its machine."""

VOLUMES = K3S / "storage/*_ai-infrastructure_*"
"""local-path-provisioner names a volume's folder pvc-UID_NAMESPACE_CLAIM: those of others are not ours."""

IMAGES = K3S / "agent/containerd"

MODELS = {
    "ollama": ("/usr/share/ollama/.ollama/models", "/var/lib/ollama/models", "/root/.ollama/models"),
    "llama-server": ("/var/lib/llama-server", "/var/cache/llama.cpp", "/root/.cache/llama.cpp"),
}
"""Consumer → where its files are: of the installer's service, of a distribution's, of a process of root's."""

KIB = 1024

FIELDS = {"platform": "platform_bytes", "model": "model_bytes", "image": "image_bytes"}
"""Kind → the fact that it adds to; an earlier one is sure of its bytes where all are more than is in use."""

WHY = {124: "du took too long", 126: "we may not look inside; become: true in lab.yaml lets the audit"}


def folders(lab: Lab, name: str) -> list[str]:
    """Kind and path in turn, for the collector: only of what lab.yaml puts on the host."""
    host = lab.hosts[name]
    wanted = [("platform", str(lab.local.data_dir))] if host.local else []
    if lab.cluster is not None and name in lab.nodes:
        own = lab.cluster.volumes
        wanted += [("platform", own or str(VOLUMES)), ("image", str(IMAGES))]
    for server, places in MODELS.items():
        if server in host.placed:
            wanted += [("model", place) for place in places]
    return [word for pair in wanted for word in pair]


def with_held(raw: Raw, storage: Storage) -> Storage:
    """`storage` with what the platform holds on each mount; at most what is in use there."""
    found = dict[str, dict[str, int]]()
    for kind, size, path in _weighed(raw):
        mount = storage.mount_of(path)
        if mount is not None:
            bytes_of = found.setdefault(mount.path, {})
            bytes_of[FIELDS[kind]] = bytes_of.get(FIELDS[kind], 0) + size
    mounts = tuple(_holding(mount, found.get(mount.path, {})) for mount in storage.mounts)
    return storage.model_copy(update={"mounts": mounts})


def _holding(mount: Mount, bytes_of: dict[str, int]) -> Mount:
    """A file system that compresses or shares blocks holds less than `du` adds up."""
    left = mount.size_bytes - mount.free_bytes
    kept = {}
    for field in FIELDS.values():
        kept[field] = min(left, bytes_of.get(field, 0))
        left -= kept[field]
    return mount.model_copy(update=kept)


def _weighed(raw: Raw) -> Iterator[tuple[str, int, PurePosixPath]]:
    """Kind, bytes and path, each folder once however often it lies in another."""
    counted = list[PurePosixPath]()
    rows = [line.split(" ", 3) for line in raw["held"].text.splitlines()]
    for kind, status, kib, text in sorted(rows, key=lambda row: row[3]):
        path = PurePosixPath(text)
        if int(status) in WHY:
            raw.warn("held", f"{path}: {WHY[int(status)]}; it counts as others' use", 0)
        elif not any(path.is_relative_to(other) for other in counted):
            counted.append(path)
            yield kind, int(kib) * KIB, path
