"""supervisord.conf and the launcher's specs, by hand."""

import json
import sys
from dataclasses import replace
from pathlib import Path

from homelab.local import full_disk
from homelab.local.cgroup import Cgroup
from homelab.local.conf import launch_spec, supervisord_conf
from homelab.local.service import Finished, Http, Program, Service, Writes

STORE = Service(
    "store",
    "oxigraph",
    (Program("store", ("/bin/store", "--at", "/a b"), Http(1, "/"), {"COLOUR": "50 %"}),),
    secrets={"PASSWORD": Path("/secrets/store")},
    files={Path("/config/store.conf"): "cache = 1\n"},
    limit_mib=256,
    stop_signal="INT",
    stop_within=30,
    oom_score_adj=100,
)
STEP = Service("step", "api", (Program("step", ("true",), Finished()),), needs=("store",))


def test_a_server_is_kept_running_and_a_step_is_not() -> None:
    text = supervisord_conf(
        [STORE, STEP], {"store": "store.1.json", "step": "step.2.json"}, {"store": 1, "step": 2}
    )
    assert text[text.index("\n[program:store]") :] == (
        """
[program:store]
command=%(ENV_HOMELAB_LAUNCHER)s programs/store.1.json
autostart=false
autorestart=true
startsecs=1
startretries=10
priority=1
stopsignal=INT
stopwaitsecs=30
killasgroup=true
redirect_stderr=true
stdout_logfile=../log/store.log
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=2

[program:step]
command=%(ENV_HOMELAB_LAUNCHER)s programs/step.2.json
autostart=false
autorestart=false
startsecs=0
startretries=10
priority=2
stopsignal=TERM
stopwaitsecs=10
killasgroup=true
redirect_stderr=true
stdout_logfile=../log/step.log
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=2
"""
    )


def test_the_launchers_spec_holds_where_secrets_lie_and_not_what_they_are() -> None:
    _, text = launch_spec(STORE, STORE.programs[0], Cgroup(Path("/sys/fs/cgroup/lab/store"), 2))
    assert json.loads(text) == {
        "name": "store",
        "argv": ["/bin/store", "--at", "/a b"],
        "env": {"COLOUR": "50 %"},
        "secrets": {"PASSWORD": "/secrets/store"},
        "cgroup_procs": "/sys/fs/cgroup/lab/store/cgroup.procs",
        "oom_score_adj": 100,
        "as_ordinary_user": False,
        "watcher": [],
        "death_signal": 2,
    }


def test_the_spec_of_a_server_that_a_full_disk_silences_holds_its_watcher() -> None:
    writes = Writes(7878, "/update", Path("/data"), update="INSERT DATA {}")
    _, text = launch_spec(STORE, replace(STORE.programs[0], writes=writes), None)
    watcher = json.loads(text)["watcher"]
    assert watcher == [
        sys.executable,
        "-I",
        "-S",
        full_disk.__file__,
        "/data",
        "7878",
        "/update",
        "INSERT DATA {}",
    ]


def name(service: Service) -> str:
    return launch_spec(service, service.programs[0], None)[0]


def test_the_specs_name_changes_with_what_needs_a_restart_and_with_nothing_else() -> None:
    assert name(replace(STORE, files={Path("/config/store.conf"): "cache = 2\n"})) != name(STORE)
    assert name(replace(STORE, secrets={"PASSWORD": Path("/secrets/other")})) != name(STORE)
    assert name(replace(STORE, limit_mib=512)) == name(STORE)
    assert name(replace(STORE, ready_within=5, needs=("step",))) == name(STORE)
