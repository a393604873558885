"""Garage with the platform's buckets, as the local platform starts it, for tests that ask it over S3."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from homelab.config import garage as garage_conf
from homelab.specs import Garage
from homelab.tools import find
from pipeline import buckets
from pipeline.contract import Bucket
from pipeline.settings import Settings
from servers import Server, answers, free_port
from unit import recorded

LOOPBACK = "127.0.0.1"


@contextmanager
def garage(folder: Path) -> Iterator[Settings]:
    """The pipeline's settings for it."""
    binary = find("garage")
    if binary is None:
        pytest.skip("Garage is not built: run ./lab tools garage")
    port, admin = free_port(), free_port()
    spec = recorded.plan("pi5-8g", ("garage",)).specs["garage"]
    assert isinstance(spec, Garage)
    (folder / "garage.toml").write_text(
        garage_conf.render(
            spec,
            listen=LOOPBACK,
            public=LOOPBACK,
            port=port,
            rpc_port=free_port(),
            admin_port=admin,
            metadata_dir=str(folder / "meta"),
            data_dir=str(folder / "data"),
        )
    )
    access, secret, token = f"GK{secrets.token_hex(12)}", secrets.token_hex(32), secrets.token_hex(16)
    url = f"http://{LOOPBACK}:{admin}"
    command = [str(binary), "-c", str(folder / "garage.toml"), "server", "--single-node", "--default-bucket"]
    server = Server("garage", command, admin, lambda: answers(f"{url}/health"), folder / "garage.log", url=url)
    environment = {
        "GARAGE_RPC_SECRET": secrets.token_hex(32),
        "GARAGE_ADMIN_TOKEN": token,
        "GARAGE_DEFAULT_ACCESS_KEY": access,
        "GARAGE_DEFAULT_SECRET_KEY": secret,
        "GARAGE_DEFAULT_BUCKET": Bucket.RAW.value,
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        server.start()
    try:
        buckets.make(url, token, access)
        yield Settings(
            objects="s3://",
            s3_endpoint=f"http://{LOOPBACK}:{port}",
            s3_access_key=SecretStr(access),
            s3_secret_key=SecretStr(secret),
        )
    finally:
        server.stop()
