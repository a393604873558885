"""The text of supervisord.conf and of the launcher's specs.

supervisord's own configuration holds no path and no setting of a service: its parser gives `%`, `;` and `#` a
meaning and knows no escape for some of them. Paths are relative to the run folder, which is supervisord's working
folder; everything else stands in the launcher's spec, a JSON file whose name carries its hash, so that a changed
setting is a changed command, which is what supervisord restarts.
"""

import json
import signal
import sys
from collections.abc import Mapping, Sequence
from hashlib import sha256

from homelab.local import full_disk
from homelab.local.cgroup import Cgroup
from homelab.local.launch import Spec
from homelab.local.service import Program, Service, Writes

LAUNCHER = "HOMELAB_LAUNCHER"
"""supervisord's environment variable with the quoted command line of the launcher."""

SOCKET = "supervisor.sock"

_HEAD = f"""\
[supervisord]
logfile=../log/supervisord.log
logfile_maxbytes=5MB
logfile_backups=2
pidfile=supervisord.pid
umask=077
nocleanup=true
strip_ansi=true

[unix_http_server]
; A socket's path holds 107 bytes at most, a data folder's may be longer: /proc/self/cwd is the run folder.
file=/proc/self/cwd/{SOCKET}
chmod=0600

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[rpcinterface:lab]
supervisor.rpcinterface_factory=homelab.local.plugin:make
"""

# startsecs: a program that ends within its first second is backed off from (0, 2, 3, 4 … s), any other is
#   restarted at once. startretries: the longest of those delays, in seconds; it is never given up (see `plugin`).
# logs: 10 MB × 3 a program keeps days of ordinary work and at most 30 MB.
_PROGRAM = """
[program:{name}]
command=%(ENV_{launcher})s programs/{spec}
autostart=false
autorestart={autorestart}
startsecs={startsecs}
startretries=10
priority={priority}
stopsignal={stop_signal}
stopwaitsecs={stop_within}
killasgroup=true
redirect_stderr=true
stdout_logfile=../log/{name}.log
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=2
"""


def launch_spec(service: Service, program: Program, group: Cgroup | None) -> tuple[str, str]:
    """File name and text of the launcher's spec. The name changes when settings or configuration files change."""
    spec: Spec = {
        "name": program.name,
        "argv": list(program.argv),
        "env": dict(program.env),
        "secrets": {name: str(path) for name, path in service.secrets.items()},
        "cgroup_procs": None if group is None else str(group.path / "cgroup.procs"),
        "oom_score_adj": service.oom_score_adj,
        "as_ordinary_user": service.as_ordinary_user,
        "watcher": [] if program.writes is None else _watcher(program.writes),
        "death_signal": int(signal.Signals[f"SIG{service.stop_signal}"]),
    }
    text = json.dumps(spec, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    digest = sha256(text.encode())
    for config in service.files.values():
        digest.update(config.encode())
    return f"{program.name}.{digest.hexdigest()[:16]}.json", text


def _watcher(writes: Writes) -> list[str]:
    python = [sys.executable, "-I", "-S", full_disk.__file__]
    return [*python, str(writes.folder), str(writes.port), writes.path, writes.update]


def supervisord_conf(services: Sequence[Service], specs: Mapping[str, str], levels: Mapping[str, int]) -> str:
    """`specs`: program → file name of its spec; `levels`: service → its place in the order of starting."""
    programs = (
        _PROGRAM.format(
            name=program.name,
            launcher=LAUNCHER,
            spec=specs[program.name],
            autorestart="false" if service.is_step else "true",
            startsecs=0 if service.is_step else 1,
            priority=levels[service.name],
            stop_signal=service.stop_signal,
            stop_within=service.stop_within,
        )
        for service in services
        for program in service.programs
    )
    return _HEAD + "".join(programs)
