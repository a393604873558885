"""The programs of a machine, and the text of the supervisord.conf that keeps them running."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from homelab.errors import MissingTool, Problem
from homelab.sandbox.layout import HERE
from homelab.tools import find

_HEAD = f"""\
[supervisord]
nodaemon=true
user=root
logfile={HERE}/log/supervisord.log
logfile_maxbytes=5MB
logfile_backups=1
pidfile={HERE}/run/supervisord.pid
umask=022
nocleanup=true
strip_ansi=true

[unix_http_server]
file={HERE}/run/supervisor.sock
chmod=0600

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[rpcinterface:lab]
supervisor.rpcinterface_factory=homelab.local.plugin:make
"""

# startsecs, startretries: as in the local platform, a program that cannot start is tried again for as long as the
#   sandbox runs.
# logs: the API server alone writes megabytes an hour.
_PROGRAM = """
[program:{name}]
command={command}
environment={environment}
priority={priority}
autostart={autostart}
autorestart=true
startsecs=1
startretries=10
stopwaitsecs=10
killasgroup=true
redirect_stderr=true
stdout_logfile={here}/log/{name}.log
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=1
"""

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Program:
    """`argv` holds no secret and begins with an absolute path."""

    name: str
    argv: tuple[str, ...]
    needs_api: bool = False
    """It ends where there is no API server yet: `sandbox-up` starts it once there is."""


def conf(programs: Sequence[Program]) -> str:
    """Started in the order given."""
    return _HEAD + "".join(
        _PROGRAM.format(
            name=program.name,
            command=shlex.join(program.argv).replace("%", "%%"),  # supervisord expands %(…)s
            environment=f'PATH="{_PATH}",LANG="C.UTF-8"',
            priority=priority,
            autostart="false" if program.needs_api else "true",
            here=HERE,
        )
        for priority, program in enumerate(programs, start=1)
    )


def tool(name: str) -> str:
    """The path of a pinned program. Raises MissingTool when it has not been built."""
    path = find(name)
    if path is None:
        raise MissingTool(Problem(name, "it is not built", "", "./lab sandbox-up builds what it needs"))
    return str(path)


def flags(**values: object) -> tuple[str, ...]:
    """`flags(data_dir="/x", v=2)` → `--data-dir=/x --v=2`."""
    return tuple(f"--{name.replace('_', '-')}={value}" for name, value in values.items())
