"""Garage as a process of this machine, and the step that gives it its buckets."""

import sys
from pathlib import Path

from homelab.config import garage as garage_conf
from homelab.lab import Ports
from homelab.local.folders import Folders
from homelab.local.ports import LOOPBACK
from homelab.local.service import Finished, Http, Port, Program, Service
from pipeline.contract import Bucket

STORE = 100  # oom_score_adj, as of the other stores


def services(
    program: Path, folders: Folders, ports: Ports, text: str, limit_mib: int | None
) -> tuple[Service, Service]:
    """The server, and the step after it. One node: it makes its own layout, its first bucket and our key."""
    config = folders.config / "garage.toml"
    doors = (
        Port("garage", ports.garage),
        Port("garage-rpc", ports.garage_rpc),
        Port("garage-admin", ports.garage_admin),
    )
    server = Program(
        "garage",
        (str(program), "-c", str(config), "server", "--single-node", "--default-bucket"),
        Http(ports.garage_admin, "/health"),
        {
            "GARAGE_DEFAULT_BUCKET": Bucket.RAW.value,
            "RUST_LOG": garage_conf.LOG,
        },
        doors,
    )
    step = Program(
        "garage-buckets",
        (sys.executable, "-P", "-m", "pipeline.buckets", f"http://{LOOPBACK}:{ports.garage_admin}"),
        Finished(),
    )
    admin, key = folders.secrets / "garage-admin", folders.secrets / "garage-access-key"
    return (
        Service(
            "garage",
            "garage",
            (server,),
            secrets={
                "GARAGE_RPC_SECRET": folders.secrets / "garage-rpc",
                "GARAGE_ADMIN_TOKEN": admin,
                "GARAGE_DEFAULT_ACCESS_KEY": key,
                "GARAGE_DEFAULT_SECRET_KEY": folders.secrets / "garage-secret-key",
            },
            files={config: text},
            limit_mib=limit_mib,
            oom_score_adj=STORE,
        ),
        Service(
            "garage-buckets",
            "garage",
            (step,),
            needs=("garage",),
            secrets={"GARAGE_ADMIN_TOKEN": admin, "GARAGE_DEFAULT_ACCESS_KEY": key},
            oom_score_adj=STORE,
        ),
    )
