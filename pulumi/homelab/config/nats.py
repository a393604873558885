"""nats.conf; the password comes from the environment, so that the file holds no secret."""

import json
from dataclasses import dataclass
from urllib.parse import quote

from homelab.specs import Nats

USER = "lab"

SERVER_NAME = "NATS_SERVER_NAME"
"""The variable that holds each server's own name where there are several."""

ROUTE = "NATS_ROUTE_"
"""What the variables of the routes begin with; their number follows."""

TEMPLATE = """\
server_name: {server_name}
listen: "{listen}:{port}"
http: "{listen}:{monitor_port}"
max_payload: {max_payload}
max_pending: {max_pending}

jetstream {{
  store_dir: {store_dir}
  max_memory_store: {max_memory_store}
  max_file_store: {max_file_store}
}}

authorization {{
  user: {user}
  password: $NATS_PASSWORD
}}
"""

CLUSTER = """
cluster {{
  name: lab
  listen: "{listen}:{port}"
  authorization {{
    user: {user}
    password: $NATS_PASSWORD
  }}
  routes: [{routes}]
}}
"""
"""A server without the password is no member. The routes are in the environment, because they hold it."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Servers that keep the streams together: each listens on `port` for the others."""

    servers: int
    port: int


def render(
    spec: Nats, *, listen: str, port: int, monitor_port: int, store_dir: str, cluster: Cluster | None = None
) -> str:
    settings = spec.settings()
    text = TEMPLATE.format(
        server_name="lab" if cluster is None else f"${SERVER_NAME}",
        listen=listen,
        port=port,
        monitor_port=monitor_port,
        store_dir=json.dumps(store_dir, ensure_ascii=False),
        max_payload=settings["max_payload"],
        max_pending=settings["max_pending"],
        max_memory_store=settings["max_memory_store"],
        max_file_store=settings["max_file_store"],
        user=USER,
    )
    if cluster is None:
        return text
    routes = ", ".join(f"${ROUTE}{number}" for number in range(cluster.servers))
    return text + CLUSTER.format(listen=listen, port=cluster.port, user=USER, routes=routes)


def route(host: str, port: int, password: str) -> str:
    """To another server; quoted, since it is read like a value of the file."""
    return json.dumps(f"nats://{USER}:{quote(password, safe='')}@{host}:{port}")


def environment(spec: Nats) -> dict[str, str]:
    return {"GOMEMLIMIT": spec.settings()["GOMEMLIMIT"]}
