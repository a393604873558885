"""How Kubernetes learns that a container has started, can answer, and has to be started anew."""

from dataclasses import dataclass

from pulumi_kubernetes.core.v1 import (
    ExecActionArgs,
    HTTPGetActionArgs,
    HTTPHeaderArgs,
    ProbeArgs,
    TCPSocketActionArgs,
)

STARTING_PERIOD = 2
"""Seconds between two looks at one that is starting: what waits for it goes on soon after."""

PERIOD = 10
PATIENCE = 5
"""Seconds. A worker's own door asks its dependencies for up to 3 before it answers."""

UNREADY = 2
DEAD = 3
"""Failed looks in a row until it gets no requests, and until it is started anew: one long pause does neither."""


@dataclass(frozen=True, slots=True)
class Http:
    """`host` is the name to ask by, for a server that answers to no address."""

    path: str
    port: int
    host: str | None = None


@dataclass(frozen=True, slots=True)
class Tcp:
    port: int


@dataclass(frozen=True, slots=True)
class Run:
    """A program inside the container; 0 is well."""

    command: tuple[str, ...]


Action = Http | Tcp | Run


@dataclass(frozen=True, slots=True)
class Probes:
    """`live` fails only where a new start would help; `start_within` are seconds until it must have held once.

    `begun` is asked in its place until then, where there is more to wait for.
    """

    live: Action
    ready: Action
    start_within: int = 60
    begun: Action | None = None


def startup(probes: Probes) -> ProbeArgs:
    begun = probes.live if probes.begun is None else probes.begun
    return _probe(begun, period=STARTING_PERIOD, failures=-(-probes.start_within // STARTING_PERIOD))


def liveness(probes: Probes) -> ProbeArgs:
    return _probe(probes.live, period=PERIOD, failures=DEAD)


def readiness(probes: Probes) -> ProbeArgs:
    return _probe(probes.ready, period=PERIOD, failures=UNREADY)


def _probe(action: Action, *, period: int, failures: int) -> ProbeArgs:
    return ProbeArgs(
        http_get=_get(action) if isinstance(action, Http) else None,
        tcp_socket=TCPSocketActionArgs(port=action.port) if isinstance(action, Tcp) else None,
        exec_=ExecActionArgs(command=list(action.command)) if isinstance(action, Run) else None,
        period_seconds=period,
        timeout_seconds=PATIENCE,
        failure_threshold=failures,
    )


def _get(action: Http) -> HTTPGetActionArgs:
    headers = None if action.host is None else [HTTPHeaderArgs(name="Host", value=action.host)]
    return HTTPGetActionArgs(path=action.path, port=action.port, http_headers=headers)
