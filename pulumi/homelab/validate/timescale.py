"""Whether Home Assistant's database answers, where it is placed."""

from collections.abc import Iterator

from homelab import sops
from homelab.errors import SecretsError
from homelab.lab import Lab
from homelab.validate.outcome import Outcome, failed, held, left_out

PORT = 5432
NAME = "homeassistant"  # database and user, as its app makes them
CONNECT_S = 5  # seconds; a Raspberry Pi on the house's own network

WHAT = "TimescaleDB SELECT 1"


def timescale(lab: Lab) -> Iterator[Outcome]:
    placed = [(name, host) for name, host in lab.hosts.items() if "timescaledb" in host.placed]
    if not placed:
        yield left_out(WHAT, "timescaledb is placed on no host", "add it to place of a host in lab.yaml")
        return
    try:
        password = sops.read_all(lab, ["timescale"])["timescale"]["password"]
    except SecretsError as error:
        yield failed(WHAT, str(error.problems[0].given), error.problems[0].fix)
        return
    for _, host in placed:
        yield _asked("127.0.0.1" if host.local else host.address, password)


def _asked(address: str, password: str) -> Outcome:
    import psycopg

    try:
        with psycopg.connect(
            host=address, port=PORT, dbname=NAME, user=NAME, password=password, connect_timeout=CONNECT_S
        ) as connection:
            connection.execute("SELECT 1")
    except psycopg.Error as error:
        given = " ".join(str(error).split())
        return failed(WHAT, f"{address}:{PORT}: {given}", "start the TimescaleDB app in Home Assistant")
    return held(WHAT, f"{address}:{PORT} answered")
