"""Context Forge's environment: what its spec sets, and what does not follow from hardware. No secret is in it."""

from urllib.parse import quote

from homelab.config.postgres import DATABASE, USER
from homelab.specs import ContextForge
from pipeline.contract import GATEWAY_SCHEMA

HTTP = 4444

FIXED = {
    "ENVIRONMENT": "production",
    "MCPGATEWAY_UI_ENABLED": "false",
    "MCPGATEWAY_ADMIN_API_ENABLED": "false",
    # Services have private addresses, which the cluster chooses. The guard against requests to them goes on for
    # all others; which of them it reaches at all is for its network policy to say.
    "SSRF_ALLOW_PRIVATE_NETWORKS": "true",
}


def environment(spec: ContextForge, *, database_host: str, database_port: int) -> dict[str, str]:
    """The password of the database comes as PGPASSWORD.

    Its tables are in a schema of our database: Postgres lets one role into one database (config.postgres.HBA).
    """
    options = quote(f"-c search_path={GATEWAY_SCHEMA}")
    database = f"postgresql+psycopg://{USER}@{database_host}:{database_port}/{DATABASE}?options={options}"
    return {**spec.settings(), **FIXED, "PORT": str(HTTP), "DATABASE_URL": database}
