"""garage.toml; secrets come from the environment."""

import json

from homelab.specs import Garage

REGION = "garage"

LOG = "warn"
"""RUST_LOG. At `info` it logs each request with our key."""

SILENT_MS = 2000
"""Milliseconds until another node is asked in place of one that does not answer. Garage's own 300,000 outlast
every wait of a worker: the node that was quickest is asked on, also after its machine died, until five pings in a
row are lost, of which there is one in 15 s. Up to two such questions, and 5 s for a connection to the dead node
itself, come before an answer, for which a worker waits 10 s (pipeline/adapters/objects.py)."""

TEMPLATE = """\
metadata_dir = {metadata_dir}
data_dir = {data_dir}
db_engine = "sqlite"
replication_factor = {replication_factor}
{patience}block_ram_buffer_max = "{block_ram_buffer_max}"
compression_level = 1
rpc_bind_addr = "{listen}:{rpc_port}"
rpc_public_addr = "{public}:{rpc_port}"

[s3_api]
s3_region = "{region}"
api_bind_addr = "{listen}:{port}"

[admin]
api_bind_addr = "{listen}:{admin_port}"
"""
"""sqlite rather than lmdb: lmdb is known to break on power loss, and its files do not move between processors."""


def render(
    spec: Garage,
    *,
    listen: str,
    public: str,
    port: int,
    rpc_port: int,
    admin_port: int,
    metadata_dir: str,
    data_dir: str,
    replication_factor: int = 1,
) -> str:
    """`public` is this node's address for other nodes; with one node none asks for it.

    `replication_factor` holds for as long as the data does: Garage cannot change it.
    """
    return TEMPLATE.format(
        metadata_dir=json.dumps(metadata_dir, ensure_ascii=False),
        data_dir=json.dumps(data_dir, ensure_ascii=False),
        block_ram_buffer_max=spec.settings()["block_ram_buffer_max"],
        listen=listen,
        public=public,
        port=port,
        rpc_port=rpc_port,
        admin_port=admin_port,
        region=REGION,
        replication_factor=replication_factor,
        patience=f"rpc_timeout_msec = {SILENT_MS}\n" if replication_factor > 1 else "",
    )
