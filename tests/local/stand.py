"""A small platform of real servers, as the local platform runs them, on free ports."""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from homelab.lab import Ports
from homelab.local import runtime, secret_files, services, supervisord
from homelab.local.folders import Folders
from homelab.local.runtime import Progress
from homelab.local.service import Http, Port, Program, Service
from homelab.local.supervisord import connect
from servers import PATIENCE, free_port

NATS_CONF = """\
listen: "127.0.0.1:{port}"
http: "127.0.0.1:{monitor}"
jetstream {{ store_dir: {store}, max_memory_store: 64MiB, max_file_store: 1GiB }}
authorization {{ user: lab, password: $NATS_PASSWORD }}
"""

POSTGRES_CONF = """\
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
shared_buffers = 32MB
log_destination = 'stderr'
"""


@dataclass
class Stand:
    """NATS, Postgres and Oxigraph as the local platform runs them; `told` is what was reported."""

    folders: Folders
    ports: Ports
    limit_mib: int = 512
    told: list[Progress] = field(default_factory=list)

    def nats(self) -> Service:
        text = NATS_CONF.format(
            port=self.ports.nats,
            monitor=self.ports.nats_monitor,
            store=json.dumps(str(services.nats_store(self.folders)), ensure_ascii=False),
        )
        return services.nats(self.folders, self.ports, text, {"GOMEMLIMIT": "64MiB"}, self.limit_mib)

    def postgres(self, settings: str = "") -> tuple[Service, ...]:
        text = POSTGRES_CONF.format(port=self.ports.postgres) + settings
        return services.postgres(self.folders, self.ports, text, self.limit_mib, as_root=os.geteuid() == 0)

    def oxigraph(self) -> Service:
        return services.oxigraph(self.folders, self.ports, {"timeout-s": "30"}, self.limit_mib)

    def all(self) -> tuple[Service, ...]:
        return (self.nats(), *self.postgres(), self.oxigraph())

    def stand_in(self, *what: str, name: str = "stand-in", key: str = "api", **settings: Any) -> Service:
        """A small program in place of a server: see stand_in.py."""
        port = getattr(self.ports, key)
        argv = (sys.executable, "-I", str(Path(__file__).with_name("stand_in.py")), str(port), *what)
        program = Program(name, argv, Http(port, "/"), ports=(Port(key, port),))
        return Service(name, "api", (program,), **{"limit_mib": self.limit_mib, **settings})

    def pid(self, program: str) -> int:
        """0 while it does not run."""
        with connect(self.folders) as supervisor:
            return supervisor.states()[program].pid

    def state(self, program: str) -> str:
        with connect(self.folders) as supervisor:
            return supervisor.states()[program].state

    def restarts(self, program: str) -> int:
        with connect(self.folders) as supervisor:
            return supervisor.states()[program].restarts

    def processes(self) -> list[psutil.Process]:
        """supervisord and everything below it."""
        with connect(self.folders) as supervisor:
            root = psutil.Process(supervisor.pid())
        return [root, *root.children(recursive=True)]

    def up(self, *wanted: Service) -> list[str]:
        """What was reported by this call: `<service> <what>`."""
        del self.told[:]
        runtime.up(self.folders, wanted or self.all(), self.told.append)
        return [f"{line.service} {line.did}" for line in self.told]

    def down(self) -> list[str]:
        del self.told[:]
        runtime.down(self.folders, self.told.append)
        return [f"{line.service} {line.did}" for line in self.told]


def assert_gone(processes: Sequence[psutil.Process]) -> None:
    """All of them end within the grace that a test gives; one that its parent has not taken note of counts."""
    alive = [process for process in processes if not supervisord.wait_gone(process.pid, PATIENCE)]
    assert alive == []


def free_ports() -> Ports:
    return Ports(**{name: free_port() for name in Ports.model_fields})


def make(data: Path) -> Stand:
    folders = Folders(data)
    folders.create()
    secret_files.ensure(folders.secrets)
    return Stand(folders, free_ports())
