"""Our tools behind an MCP gateway: registered once, read anew each time, with a token that ends."""

from collections.abc import Iterator

import psycopg
import pytest
from gateway_stand_in import SECRET, Gateway, gateway_stand_in
from pydantic import SecretStr

from pipeline import gateway
from pipeline.errors import Misconfigured, Refused, Unavailable
from pipeline.settings import Settings
from servers import PASSWORD

HERE = "http://api:8000/mcp"


@pytest.fixture
def forge() -> Iterator[Gateway]:
    with gateway_stand_in() as state:
        yield state


def settings(forge: Gateway, **changed: object) -> Settings:
    told = {"gateway_url": forge.url, "gateway_secret": SecretStr(SECRET), "tools_url": HERE, **changed}
    return Settings(**told)  # type: ignore[arg-type]


def test_the_first_time_our_tools_are_registered(forge: Gateway) -> None:
    assert gateway.register(settings(forge)) == f"home-lab registered at {HERE}"
    wanted = {"name": "home-lab", "url": HERE, "transport": "STREAMABLEHTTP", "id": "4a56"}
    assert forge.known == [wanted]


def test_again_they_are_only_read_anew(forge: Gateway) -> None:
    gateway.register(settings(forge))
    said = gateway.register(settings(forge))
    assert said == "home-lab was registered; tools: 0 added, 0 updated, 0 removed"
    assert forge.calls[2:] == [("GET", "/gateways"), ("POST", "/gateways/4a56/tools/refresh")]
    assert len(forge.known) == 1


def test_another_address_takes_the_place_of_the_old_one(forge: Gateway) -> None:
    gateway.register(settings(forge))
    gateway.register(settings(forge, tools_url="http://elsewhere:8000/mcp"))
    assert [one["url"] for one in forge.known] == ["http://elsewhere:8000/mcp"]


def test_tools_that_it_cannot_read_are_a_failure(forge: Gateway) -> None:
    gateway.register(settings(forge))
    forge.reads = False
    with pytest.raises(Unavailable, match="it could not read our tools: connection failed"):
        gateway.register(settings(forge))


def test_a_token_is_its_administrators_and_ends_in_five_minutes(forge: Gateway) -> None:
    gateway.register(settings(forge, gateway_user="ada@home.internal"))
    claims = forge.claims[0]
    assert (claims["sub"], claims["is_admin"], claims["teams"]) == ("ada@home.internal", True, None)
    assert claims["exp"] - claims["iat"] == 300


def test_another_secret_is_told_as_such(forge: Gateway) -> None:
    with pytest.raises(Refused, match="is its secret another one"):
        gateway.register(settings(forge, gateway_secret=SecretStr("another-" * 5)))


def test_without_a_secret_nobody_is_asked(forge: Gateway) -> None:
    with pytest.raises(Misconfigured, match="LAB_GATEWAY_SECRET: not set"):
        gateway.register(settings(forge, gateway_secret=None))
    assert forge.calls == []


def test_a_gateway_that_is_away_is_named() -> None:
    away = Settings(gateway_url="http://127.0.0.1:9", gateway_secret=SecretStr(SECRET))
    with pytest.raises(Unavailable, match="gateway"):
        gateway.register(away)


def test_its_schema_is_made_once_and_may_be_asked_for_again(lab: Settings) -> None:
    assert gateway.schema(lab) == gateway.schema(lab) == "schema contextforge is there"
    door = f"host=127.0.0.1 port={lab.postgres_port} dbname={lab.postgres_db} user={lab.postgres_user}"
    with psycopg.connect(door, password=PASSWORD) as connection:
        found = connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'contextforge'").fetchall()
    assert found == [(1,)]


@pytest.mark.parametrize("arguments", [[], ["dance"]])
def test_a_step_that_there_is_not_is_wrong_usage(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["gateway", *arguments])
    assert gateway.main() == 2
    assert "schema, register" in capsys.readouterr().err
