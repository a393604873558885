"""Garage on several hosts as one store: `python -m pipeline.layout URL…`, their admin doors, as often as you like.

Each is made known to the others at the host name of its URL, and has a zone of its own: there is one to a host,
so that the copies of an object are on as many hosts. GARAGE_ADMIN_TOKEN opens the doors, GARAGE_CAPACITY_GIB is
what each may hold, GARAGE_RPC_PORT where they listen for each other. The key GARAGE_DEFAULT_ACCESS_KEY with
GARAGE_DEFAULT_SECRET_KEY is brought in where Garage does not know it.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from pipeline.contract import GIB

PATIENCE = 30.0
"""Seconds for one answer: a new layout is computed and told to all."""

KEY = "lab"
"""The key's name, for people."""


class Apart(Exception):
    """One could not reach another."""


@dataclass(frozen=True, slots=True)
class Role:
    """Of one of them in the layout; `capacity` in bytes."""

    zone: str
    capacity: int


def settle(urls: Sequence[str], token: str, capacity: int, rpc_port: int) -> list[str]:
    """What was changed, in words. `capacity` in bytes.

    Who is no longer among `urls` loses its role: its copies are then made elsewhere. Raises Apart, and
    httpx.HTTPError when a door is away or refuses.
    """
    headers = {"Authorization": f"Bearer {token}"}
    zones: dict[str, str] = {}
    with httpx.Client(headers=headers, timeout=PATIENCE) as admin:
        for url in urls:
            zones[_identity(admin, url)] = urlsplit(url).hostname or url
        _introduce(admin, urls[0], [f"{name}@{zone}:{rpc_port}" for name, zone in zones.items()])
        wanted = {name: Role(zone, capacity) for name, zone in zones.items()}
        return _lay_out(admin, urls[0], wanted)


def bring_key(url: str, token: str, access_key: str, secret_key: str) -> bool:
    """Whether it was new. Raises httpx.HTTPError."""
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE) as admin:
        found = admin.get("/v2/GetKeyInfo", params={"id": access_key})
        if found.is_success:
            return False
        if found.status_code not in (httpx.codes.NOT_FOUND, httpx.codes.BAD_REQUEST):
            found.raise_for_status()
        body = {"accessKeyId": access_key, "secretAccessKey": secret_key, "name": KEY}
        admin.post("/v2/ImportKey", json=body).raise_for_status()
        return True


def _identity(admin: httpx.Client, url: str) -> str:
    """Its public key, made at its first start, which lies on its volume."""
    answer = admin.get(f"{url}/v2/GetNodeInfo", params={"node": "self"}).raise_for_status().json()
    (name,) = answer["success"]
    return str(name)


def _introduce(admin: httpx.Client, url: str, others: Sequence[str]) -> None:
    answers: list[dict[str, Any]] = (
        admin.post(f"{url}/v2/ConnectClusterNodes", json=list(others)).raise_for_status().json()
    )
    failed = [
        f"{other}: {answer['error']}" for other, answer in zip(others, answers, strict=True) if answer["error"]
    ]
    if failed:
        raise Apart("; ".join(failed))


def _lay_out(admin: httpx.Client, url: str, wanted: Mapping[str, Role]) -> list[str]:
    layout: dict[str, Any] = admin.get(f"{url}/v2/GetClusterLayout").raise_for_status().json()
    present = {role["id"]: Role(role["zone"], role["capacity"]) for role in layout["roles"]}
    given = [
        {"id": name, "zone": role.zone, "capacity": role.capacity, "tags": []}
        for name, role in wanted.items()
        if present.get(name) != role
    ]
    gone = [{"id": name, "remove": True} for name in present if name not in wanted]
    if not given and not gone:
        return []
    admin.post(f"{url}/v2/UpdateClusterLayout", json={"roles": [*given, *gone]}).raise_for_status()
    version = layout["version"] + 1
    admin.post(f"{url}/v2/ApplyClusterLayout", json={"version": version}).raise_for_status()
    changed = [f"{role['zone']} has its role" for role in given]
    return [*changed, *(f"{present[str(role['id'])].zone} has none now" for role in gone)]


def main() -> int:
    urls, told = sys.argv[1:], os.environ
    token = told["GARAGE_ADMIN_TOKEN"]
    try:
        changed = settle(urls, token, int(told["GARAGE_CAPACITY_GIB"]) * GIB, int(told["GARAGE_RPC_PORT"]))
        new = bring_key(urls[0], token, told["GARAGE_DEFAULT_ACCESS_KEY"], told["GARAGE_DEFAULT_SECRET_KEY"])
    except (Apart, httpx.HTTPError) as error:
        sys.stderr.write(f"layout: {error}\n")
        return 1
    changed += ["key brought in"] if new else []
    sys.stdout.write(f"layout: {', '.join(changed) or 'nothing to change'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
