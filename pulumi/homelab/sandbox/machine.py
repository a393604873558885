"""Runs as a machine of the sandbox: `python -I -S machine.py join|init SPEC`. Standard library only.

`join` enters the machine's cgroups and unshares every namespace; `init` is then process 1 in them. It hides what
belongs to the real machine (/run, kernel settings), says `up`, waits until its network is there and becomes
supervisord. Whatever a program of the sandbox mounts or links is in these namespaces and ends with them.
"""

import json
import os
import socket
import subprocess
import sys
from typing import NoReturn, TypedDict

HERE = "/run/homelab"
UP = "up\n"
GO = "go\n"


KUBELET_WANTS = {
    "vm/overcommit_memory": 1,
    "vm/panic_on_oom": 0,
    "kernel/panic": 10,
    "kernel/panic_on_oops": 1,
    "kernel/keys/root_maxkeys": 1_000_000,
    "kernel/keys/root_maxbytes": 25_000_000,
}
"""The kubelet sets these for the whole machine unless it finds them so: it finds them so (k8s.io, util/sysctl)."""


class Spec(TypedDict):
    name: str
    folder: str
    cgroups: list[str]
    python: str


UNSHARE = (
    *("unshare", "--net", "--mount", "--uts", "--ipc", "--pid", "--fork"),
    # What the real machine mounts and unmounts we see, and not the reverse; process 1 ends with unshare, and
    # with it all of us.
    *("--propagation", "slave", "--mount-proc", "--kill-child=KILL"),
)


def write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123  as `homelab.local.launch`: no pathlib
        file.write(text)


def mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


def join(spec: Spec, path: str) -> NoReturn:
    for procs in spec["cgroups"]:
        write(procs, "0")
    os.execvp(UNSHARE[0], [*UNSHARE, "--", spec["python"], "-I", "-S", __file__, "init", path])  # noqa: S606


def init(spec: Spec) -> NoReturn:
    mount("--make-rshared", "/")  # among ourselves: what containerd mounts, the kubelet sees
    mount("-t", "tmpfs", "-o", "mode=755", "run", "/run")
    os.mkdir(HERE)  # noqa: PTH102
    mount("--bind", spec["folder"], HERE)
    mount("--bind", f"{HERE}/log", "/var/log")  # the kubelet's links are in /var/log/containers, always
    os.makedirs("/var/lib/cni", exist_ok=True)  # noqa: PTH103
    mount("-t", "tmpfs", "cni", "/var/lib/cni")  # what the CNI library remembers of pods, which end with us
    for folder in ("kernel", "vm"):
        # They are the whole machine's, not ours.
        mount("--bind", f"/proc/sys/{folder}", f"/proc/sys/{folder}")
        mount("-o", "remount,bind,ro", f"/proc/sys/{folder}")
    for name, value in KUBELET_WANTS.items():
        shown = f"/run/{name.replace('/', '.')}"
        write(shown, f"{value}\n")
        mount("--bind", shown, f"/proc/sys/{name}")
    write("/proc/sys/net/ipv4/ip_forward", "1")  # of our network namespace alone
    socket.sethostname(spec["name"])
    sys.stdout.write(UP)
    sys.stdout.flush()
    if sys.stdin.readline() != GO:
        sys.exit("who started this machine is gone; not starting")
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(2, 1)
    os.chdir(f"{HERE}/run")
    supervisord = ["-P", "-m", "supervisor.supervisord", "--nodaemon", "-c", f"{HERE}/run/supervisord.conf"]
    os.execv(spec["python"], [spec["python"], *supervisord])  # noqa: S606


if __name__ == "__main__":
    _, role, path = sys.argv
    with open(path, encoding="utf-8") as file:  # noqa: PTH123
        known: Spec = json.load(file)
    if role == "join":
        join(known, path)
    init(known)
