"""A container image of a few static programs, written as a docker archive without any builder."""

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


def write(path: Path, name: str, programs: Mapping[str, Path], *, machine: str) -> None:
    """`programs`: absolute path in the image → file, executable for everybody; `machine` as `uname -m` says.

    The same programs give the same bytes.
    """
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        for target, source in sorted(programs.items()):
            _add(tar, target.lstrip("/"), source.read_bytes(), mode=0o755)
    config: dict[str, Any] = {
        "architecture": _MACHINES.get(machine, machine),
        "os": "linux",
        "config": {"Entrypoint": [next(iter(programs))], "User": "65535:65535"},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{_digest(layer.getvalue())}"]},
        "history": [{"created_by": "homelab sandbox"}],
    }
    config_text = json.dumps(config, sort_keys=True).encode()
    config_name = f"{_digest(config_text)}.json"
    manifest = [{"Config": config_name, "RepoTags": [name], "Layers": ["layer.tar"]}]
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as tar:
        _add(tar, "layer.tar", layer.getvalue())
        _add(tar, config_name, config_text)
        _add(tar, "manifest.json", json.dumps(manifest).encode())


def _add(tar: tarfile.TarFile, name: str, content: bytes, mode: int = 0o644) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), mode
    tar.addfile(entry, io.BytesIO(content))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
