"""nats.conf; the password comes from the environment, so that the file holds no secret."""

import json

from homelab.specs import Nats

USER = "lab"

TEMPLATE = """\
server_name: lab
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


def render(spec: Nats, *, listen: str, port: int, monitor_port: int, store_dir: str) -> str:
    settings = spec.settings()
    return TEMPLATE.format(
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


def environment(spec: Nats) -> dict[str, str]:
    return {"GOMEMLIMIT": spec.settings()["GOMEMLIMIT"]}
