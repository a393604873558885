"""What the pipeline is told by its environment; every name begins with `LAB_`.

Secrets may come as files (one per setting, named like the setting in lower case) from the folder that
`LAB_SECRETS_DIR` names, so that they never stand in a command line or a rendered file.
"""

import os
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="LAB_", frozen=True, extra="ignore")

    nats_url: str = "nats://127.0.0.1:4222"
    nats_user: str | None = None
    nats_password: SecretStr | None = None

    postgres_host: str = "127.0.0.1"
    postgres_port: int = 5432
    postgres_db: str = "lab"
    postgres_user: str = "lab"
    postgres_password: SecretStr | None = None

    objects: str = Field(
        default="file:///var/lib/lab/objects", description="file:///folder, or s3:// for `s3_endpoint`"
    )
    s3_endpoint: str = "http://127.0.0.1:3900"
    s3_region: str = "garage"
    s3_access_key: SecretStr | None = None
    s3_secret_key: SecretStr | None = None

    oxigraph_url: str = "http://127.0.0.1:7878"

    litellm_url: str = "http://127.0.0.1:4000"
    litellm_key: SecretStr | None = None
    embed_model: str = Field(default="embed", description="the route's name in LiteLLM")
    embed_identity: str | None = Field(
        default=None, description="the model behind that route, whose vectors no other's may stand beside"
    )
    embed_dimensions: int = Field(default=384, ge=1, le=2000, description="HNSW indexes `vector` up to 2000")
    embed_batch: int = Field(default=32, ge=1, description="texts per request")
    chat_model: str | None = Field(default=None, description="the route's name in LiteLLM; none: passages only")

    graph_engine: Literal["own", "cognee"] = Field(
        default="own", description="who reads entities and relations; cognee is in an image of its own"
    )

    tokenizer: Path | None = Field(default=None, description="tokenizer.json; none: MiniLM's own")
    chunk_tokens: int = Field(default=256, ge=16)
    chunk_overlap: int = Field(default=64, ge=0)

    max_document_mib: int = Field(default=100, ge=1)
    extract_threads: int = Field(default=1, ge=1)
    stream_scale: float = Field(default=1.0, gt=0, le=1, description="streams' max_bytes are multiplied by it")

    stream_replicas: int = Field(default=1, ge=1, le=5, description="servers that each hold every stream")

    telemetry_host: str | None = Field(default=None, description="Home Assistant's database; none: no such tool")
    telemetry_port: int = 5432
    telemetry_db: str = "homeassistant"
    telemetry_user: str = "homeassistant"
    telemetry_password: SecretStr | None = None

    api_host: str = "127.0.0.1"
    api_port: int = 8000
    api_names: str = Field(
        default="localhost,127.0.0.1,[::1]", description="host names that the API answers to; others are refused"
    )
    gateway_url: str = Field(default="http://127.0.0.1:4444", description="the MCP gateway that offers our tools")
    gateway_user: str = Field(default="admin@homelab.internal", description="the gateway's administrator")
    gateway_secret: SecretStr | None = Field(default=None, description="what signs the gateway's tokens")
    tools_url: str = Field(default="http://127.0.0.1:8000/mcp", description="our API's tools, for the gateway")
    openobserve_url: str | None = Field(default=None, description="with the organisation's path; none: not asked")
    openobserve_email: str | None = None
    openobserve_password: SecretStr | None = None
    health_host: str = Field(default="127.0.0.1", description="where a worker's door listens")
    health_port: int | None = Field(default=None, description="a worker's door: /ready and /health")


@cache
def load() -> Settings:
    """Read the environment once. Raises pydantic's ValidationError naming every wrong setting."""
    return Settings(_secrets_dir=os.environ.get("LAB_SECRETS_DIR"))


def problems(error: ValidationError) -> list[str]:
    """One line for each setting that cannot be, without its value: it may be a secret."""
    return [
        f"LAB_{'.'.join(map(str, problem['loc']))}".upper() + f": {problem['msg']}"
        for problem in error.errors(include_url=False, include_input=False)
    ]
