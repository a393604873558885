"""One of our images as a container by runc, as strictly as Kubernetes runs it, on this machine's network."""

import json
import subprocess
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from homelab.images.store import Store

SEEN = ("/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware")
"""What Kubernetes masks in every container."""


@contextmanager
def container(
    store: Store,
    image: str,
    folder: Path,
    *,
    args: Sequence[str] | None = None,
    env: Mapping[str, str] | None = None,
    volumes: Mapping[str, Path] | None = None,
    configs: Mapping[str, Path] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Runs until the block ends, then is asked to stop by the image's own signal and must.

    Its user is the image's, its root read-only, its capabilities none; /tmp and /dev/shm are its own memory.
    `volumes` (writable) and `configs` (not) are paths inside → paths here. Its output goes to `folder`/output.
    """
    config = json.loads(store.ask("inspect", "--type", "image", image))["OCIv1"]["config"]
    name = store.ask("from", "--pull-never", image)
    identifier = f"homelab-{uuid.uuid4().hex[:12]}"
    try:
        root = store.ask("mount", name)
        command = [*config.get("Entrypoint", []), *(config.get("Cmd", []) if args is None else args)]
        binds = [_bind(*pair, "rw") for pair in (volumes or {}).items()]
        binds += [_bind(*pair, "ro") for pair in (configs or {}).items()]
        environment = [*config["Env"], *(f"{key}={value}" for key, value in (env or {}).items())]
        spec = _spec(root, command, environment, [int(part) for part in config["User"].split(":")], binds)
        (folder / "config.json").write_text(json.dumps(spec), encoding="utf-8")
        with (folder / "output").open("wb") as output:
            command = ["runc", "--root", str(folder / "runc"), "run", "--bundle", str(folder), identifier]
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
            try:
                yield process
            finally:
                if process.poll() is None:
                    signal = config.get("StopSignal", "SIGTERM")
                    subprocess.run(
                        ["runc", "--root", str(folder / "runc"), "kill", identifier, signal], check=True
                    )
                    process.wait(timeout=60)
    finally:
        store.ask("rm", name)


def _bind(inside: str, here: Path, mode: str) -> dict[str, object]:
    return {"destination": inside, "type": "bind", "source": str(here), "options": ["rbind", mode]}


def _tmpfs(inside: str) -> dict[str, object]:
    options = ["nosuid", "nodev", "mode=1777", "size=256m"]
    return {"destination": inside, "type": "tmpfs", "source": "tmpfs", "options": options}


def _spec(
    root: str, args: list[str], env: list[str], user: list[int], binds: list[dict[str, object]]
) -> dict[str, object]:
    uid, gid = user
    nothing: list[str] = []
    capabilities = dict.fromkeys(("bounding", "effective", "permitted"), nothing)
    return {
        "ociVersion": "1.0.2",
        "root": {"path": root, "readonly": True},
        "process": {
            "args": args,
            "env": env,
            "cwd": "/",
            "user": {"uid": uid, "gid": gid},
            "capabilities": capabilities,
            "noNewPrivileges": True,
        },
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]},
            _tmpfs("/dev/shm"),
            _tmpfs("/tmp"),
            *binds,
        ],
        "linux": {
            # No network namespace: the test asks it on loopback.
            "namespaces": [{"type": kind} for kind in ("pid", "ipc", "uts", "mount")],
            "maskedPaths": list(SEEN),
        },
    }
