"""The platform's tools behind an MCP gateway (Context Forge), whose clients find all tools of a house at one door.

`python -m pipeline.gateway schema` makes the gateway's own schema in our database before it starts, `… register`
tells it about the tools of our API. Both change what differs, as often as they are run.
"""

import sys
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import psycopg
from psycopg import sql
from pydantic import ValidationError

from pipeline import log
from pipeline.contract import GATEWAY_SCHEMA
from pipeline.errors import Misconfigured, PipelineError, Refused, Unavailable
from pipeline.settings import Settings, load, problems

WHERE = "gateway"
NAME = "home-lab"
"""Of our tools in the gateway, which puts it before each one's own: `home-lab-search`."""

PATIENCE = 60.0
"""Seconds for one answer: it asks our API for its tools before it gives one."""

LIFETIME = timedelta(minutes=5)
"""Of a token: longer than any use of it here."""

CONNECT_TIMEOUT = 5  # seconds, as of the vector store


def token(settings: Settings) -> str:
    """Of the gateway's administrator, by the secret that signs its tokens. Raises Misconfigured without one."""
    if settings.gateway_secret is None:
        raise Misconfigured("LAB_GATEWAY_SECRET", "not set")
    now = datetime.now(UTC)
    claims = {
        "sub": settings.gateway_user,
        "iss": "mcpgateway",
        "aud": "mcpgateway-api",
        "jti": uuid.uuid4().hex,
        "iat": now,
        "exp": now + LIFETIME,
        "is_admin": True,
        "teams": None,  # an administrator's tools are those of every team
    }
    return jwt.encode(claims, settings.gateway_secret.get_secret_value(), algorithm="HS256")


def client(settings: Settings) -> httpx.Client:
    headers = {"Authorization": f"Bearer {token(settings)}"}
    # no proxy of the environment: it must not see the token
    return httpx.Client(base_url=settings.gateway_url, headers=headers, timeout=PATIENCE, trust_env=False)


def schema(settings: Settings) -> str:
    """Make its schema, where there is none. Raises Unavailable."""
    password = settings.postgres_password
    try:
        with psycopg.connect(
            host=settings.postgres_host,
            port=settings.postgres_port,
            dbname=settings.postgres_db,
            user=settings.postgres_user,
            password=None if password is None else password.get_secret_value(),
            connect_timeout=CONNECT_TIMEOUT,
        ) as connection:
            connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(GATEWAY_SCHEMA)))
    except psycopg.Error as error:
        raise Unavailable("postgres", " ".join(str(error).split())) from error
    return f"schema {GATEWAY_SCHEMA} is there"


def register(settings: Settings) -> str:
    """Tell it where our tools are, and have it read them anew. Raises Unavailable, Refused or Misconfigured."""
    wanted = {"name": NAME, "url": settings.tools_url, "transport": "STREAMABLEHTTP"}
    with client(settings) as gateway:
        listed = _asked(gateway, "GET", "/gateways", params={"include_inactive": True})
        known = next((one for one in listed if one["name"] == NAME), None)
        if known is None:
            _asked(gateway, "POST", "/gateways", json=wanted)
            return f"{NAME} registered at {settings.tools_url}"
        if known["url"] != settings.tools_url:
            _asked(gateway, "PUT", f"/gateways/{known['id']}", json=wanted)
        read = _asked(gateway, "POST", f"/gateways/{known['id']}/tools/refresh")
    if not read["success"]:
        raise Unavailable(WHERE, f"it could not read our tools: {read['error']}")
    counts = ", ".join(f"{read[f'tools{what}']} {what.lower()}" for what in ("Added", "Updated", "Removed"))
    return f"{NAME} was registered; tools: {counts}"


def _asked(gateway: httpx.Client, method: str, path: str, **options: Any) -> Any:
    try:
        response = gateway.request(method, path, **options)
    except httpx.TransportError as error:
        raise Unavailable(WHERE, str(error) or type(error).__name__) from error
    if response.status_code in {401, 403}:
        raise Refused(WHERE, "it does not take our token: is its secret another one?")
    if response.is_error:
        raise Unavailable(WHERE, f"{response.status_code} {' '.join(response.text.split())[:200]}")
    return response.json()


STEPS = {"schema": schema, "register": register}


def main() -> int:
    log.setup("gateway")
    if len(sys.argv) != 2 or sys.argv[1] not in STEPS:
        sys.stderr.write(f"gateway: name one of {', '.join(STEPS)}\n")
        return 2
    try:
        said = STEPS[sys.argv[1]](load())
    except ValidationError as error:
        sys.stderr.writelines(f"gateway: {problem}\n" for problem in problems(error))
        return 1
    except PipelineError as error:
        sys.stderr.write(f"gateway: {error}\n")
        return 1
    sys.stdout.write(f"gateway: {said}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
