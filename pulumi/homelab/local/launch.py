"""Start one program of the local platform: `python -I -S launch.py SPEC`, run by supervisord in its run folder.

Joins the service's memory cgroup, reads secrets from files into the environment, ties the program's life to
supervisord's, then becomes the program. Standard library only and no `site`: it runs before every (re)start, and a
restart is promised within a second. SPEC is a JSON file with the keys of `Spec`.
"""

import ctypes
import json
import os
import signal
import sys
from typing import NoReturn, TypedDict

PR_SET_PDEATHSIG = 1  # linux/prctl.h
CLONE_NEWUSER = 0x10000000  # linux/sched.h
ORDINARY_ID = 1  # `daemon` everywhere; any but 0 that has a name, which initdb looks up
EX_CONFIG = 78  # sysexits.h


class Spec(TypedDict):
    """Paths are absolute or relative to the run folder; `env` holds no secret."""

    name: str
    argv: list[str]
    env: dict[str, str]
    secrets: dict[str, str]
    cgroup_procs: str | None
    oom_score_adj: int
    as_ordinary_user: bool
    watcher: list[str]
    death_signal: int


def read(path: str) -> str:
    with open(path, encoding="utf-8") as file:  # noqa: PTH123  pathlib costs half of the time this wrapper takes
        return file.read()


def write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write(text)


def start_time(pid: int) -> int:
    """Clock ticks since boot: with the pid it names one process for ever (proc_pid_stat(5), field 22)."""
    return int(read(f"/proc/{pid}/stat").rpartition(")")[2].split()[19])


def environment(spec: Spec) -> dict[str, str]:
    """The supervisor's own environment, which is minimal, without its marks, plus settings and secrets."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SUPERVISOR_", "HOMELAB_"))}
    secrets = {name: read(path).strip() for name, path in spec["secrets"].items()}
    return kept | spec["env"] | secrets


def _checked(libc: ctypes.CDLL, what: str, result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def become_ordinary_user(libc: ctypes.CDLL) -> None:
    """Map our own uid and gid to ORDINARY_ID in a new user namespace; outside it, files stay our own."""
    uid, gid = os.geteuid(), os.getegid()
    _checked(libc, "unshare(CLONE_NEWUSER)", libc.unshare(CLONE_NEWUSER))
    write("/proc/self/setgroups", "deny")
    write("/proc/self/uid_map", f"{ORDINARY_ID} {uid} 1")
    write("/proc/self/gid_map", f"{ORDINARY_ID} {gid} 1")


def die_with_parent(libc: ctypes.CDLL, number: int) -> None:
    """Ask the kernel for this signal when supervisord ends, however it ends.

    After any change of credentials, which would clear it. supervisord forks from its main and only thread, so the
    death of that thread is the death of supervisord.
    """
    _checked(libc, "prctl(PR_SET_PDEATHSIG)", libc.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0))


def watch(libc: ctypes.CDLL, argv: list[str]) -> None:
    """Start the watcher as a child that ends with us, whatever program we become by then, and knows no secret."""
    server = os.getpid()
    if os.fork() == 0:
        die_with_parent(libc, signal.SIGKILL)
        os.execve(argv[0], [*argv, str(server)], {})  # noqa: S606  a list, no shell


def launch(path: str) -> NoReturn:
    spec: Spec = json.loads(read(path))
    libc = ctypes.CDLL(None, use_errno=True)
    write(f"pids/{spec['name']}", f"{os.getpid()} {start_time(os.getpid())}")
    if spec["cgroup_procs"] is not None:
        write(spec["cgroup_procs"], "0")
    write("/proc/self/oom_score_adj", str(spec["oom_score_adj"]))
    env = environment(spec)
    if spec["as_ordinary_user"]:
        become_ordinary_user(libc)
    die_with_parent(libc, spec["death_signal"])
    if os.getppid() != int(read("supervisord.pid")):
        # It died between the fork and the prctl above: nobody would ever stop this program.
        sys.exit("supervisord is gone; not starting")
    if spec["watcher"]:
        watch(libc, spec["watcher"])
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.execvpe(spec["argv"][0], spec["argv"], env)  # noqa: S606  a list, no shell


if __name__ == "__main__":
    try:
        launch(sys.argv[1])
    except (OSError, ValueError, KeyError) as error:
        print(f"launch {sys.argv[1]}: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(EX_CONFIG)
