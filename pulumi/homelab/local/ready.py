"""Whether a program is ready: its ports are held by its own processes, and it answers in its protocol."""

import http.client
from dataclasses import dataclass

from homelab.local import ports
from homelab.local.service import Check, Http, Login, Program

ANSWER_WITHIN = 2.0
"""Seconds for one answer. A server that takes longer over a health check is not ready for work."""


@dataclass(frozen=True, slots=True)
class Stranger(Exception):
    """The port is held by a process that is not ours."""

    port: int
    owner: ports.Owner


def is_ready(program: Program, pid: int) -> bool:
    """One look at a running server with this pid. Raises Stranger when somebody else holds one of its ports."""
    for port in program.ports:
        sockets = ports.sockets(port.number)
        if not sockets:
            return False
        if not ports.hold(ports.tree(pid), sockets):
            owner = ports.owner(port.number)
            # Looked at again: the program may have ended, or begun to listen, since the first look.
            if owner is not None and owner.pid not in ports.tree(pid):
                raise Stranger(port.number, owner)
            return False
    return answers(program.check)


def answers(check: Check) -> bool:
    match check:
        case Http():
            return _http(check)
        case Login():
            return _login(check)
        case _:
            return False


def _http(check: Http) -> bool:
    connection = http.client.HTTPConnection(ports.LOOPBACK, check.port, timeout=ANSWER_WITHIN)
    try:
        connection.request("GET", check.path)
        response = connection.getresponse()
        return response.status == http.HTTPStatus.OK and check.body in response.read().decode(errors="replace")
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _login(check: Login) -> bool:
    import psycopg  # 80 ms, which `homelab --help` should not pay

    try:
        with psycopg.connect(
            host=ports.LOOPBACK,
            port=check.port,
            user=check.user,
            dbname=check.database,
            password=check.password.read_text(),
            connect_timeout=int(ANSWER_WITHIN),
        ) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False
