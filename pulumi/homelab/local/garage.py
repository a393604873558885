"""Garage as a process of this machine, and the step that gives it its buckets."""

import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path

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
            "RUST_LOG": "warn",
        },  # at `info` it logs each request with our key
        doors,
    )
    step = Program(
        "garage-buckets",
        (sys.executable, "-P", "-m", "homelab.local.garage", f"http://{LOOPBACK}:{ports.garage_admin}"),
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


def make_buckets(url: str, token: str, access_key: str) -> None:
    """Every bucket of the contract, open to our key. Idempotent. Raises OSError when the admin door refuses."""
    for bucket in Bucket:
        try:
            known = _call(f"{url}/v2/GetBucketInfo?globalAlias={bucket}", token)
        except FileNotFoundError:
            known = _call(f"{url}/v2/CreateBucket", token, {"globalAlias": bucket.value})
        permissions = {"read": True, "write": True, "owner": True}
        grant = {"bucketId": known["id"], "accessKeyId": access_key, "permissions": permissions}
        _call(f"{url}/v2/AllowBucketKey", token, grant)


def _call(url: str, token: str, body: Mapping[str, object] | None = None) -> dict[str, str]:
    """Raises FileNotFoundError for 404 and OSError for every other refusal."""
    request = urllib.request.Request(  # noqa: S310  loopback, from our own configuration
        url,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
            answer: dict[str, str] = json.load(response)
            return answer
    except urllib.error.HTTPError as error:
        with error:
            said = f"{url}: {error.code} {error.read().decode(errors='replace')}"
            raise (FileNotFoundError if error.code == HTTPStatus.NOT_FOUND else OSError)(said) from None


if __name__ == "__main__":
    make_buckets(sys.argv[1], os.environ["GARAGE_ADMIN_TOKEN"], os.environ["GARAGE_DEFAULT_ACCESS_KEY"])
