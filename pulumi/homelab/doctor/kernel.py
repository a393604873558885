"""The kernel: its age, its pages, and whether it lets us make a user namespace."""

import os
import platform
import re
import resource
import subprocess
from collections.abc import Iterator

from homelab.doctor.finding import Finding, Id

OLDEST = (5, 3)
"""Linux with pidfd_open(2), by which the local platform waits for processes that are not its children."""

COUNTS_PEAKS = (5, 19)
"""Linux with memory.peak in cgroup v2 (kernel.org, cgroup-v2); before it peaks are sampled."""

USUAL_PAGE = 4096
MAP = ("unshare", "--user", "--map-user=1000", "--map-group=1000", "true")
"""The mapping under which Postgres, which refuses root, is started by root; it ends at once."""


def findings() -> Iterator[Finding]:
    yield version(platform.release())
    yield page_size(resource.getpagesize())
    yield user_namespaces(as_root=os.geteuid() == 0, said=_try_namespace() if os.geteuid() == 0 else "")


def version(release: str) -> Finding:
    """`release` as `uname -r` says it, 6.1.0-18-amd64."""
    found = re.match(r"(\d+)\.(\d+)", release)
    if found is None:
        return Finding("kernel.version", "kernel", "warn", f"{release!r} names no version")
    number = int(found[1]), int(found[2])
    if number < OLDEST:
        mend = "upgrade the system; 5.3 brought pidfd_open, by which processes are awaited"
        return Finding("kernel.version", "kernel", "fail", f"Linux {release}", mend)
    if number < COUNTS_PEAKS:
        evidence = f"Linux {release}: with cgroup v2 it keeps no memory.peak, so peaks are sampled"
        return Finding("kernel.version", "kernel", "ok", evidence)
    return Finding("kernel.version", "kernel", "ok", f"Linux {release}")


def page_size(size: int) -> Finding:
    if size == USUAL_PAGE:
        return Finding("kernel.page-size", "kernel", "ok", f"{size} bytes")
    evidence = f"{size} bytes: programs built for pages of {USUAL_PAGE} do not start"
    mend = "see the gates of ./lab plan; on a Raspberry Pi 5 kernel=kernel8.img in config.txt has 4 KiB pages"
    return Finding("kernel.page-size", "kernel", "warn", evidence, mend)


def user_namespaces(*, as_root: bool, said: str) -> Finding:
    """`said`: what the attempt failed with; empty where it went well or root is not in play."""
    name: Id = "kernel.user-namespaces"
    subject = "kernel"
    if not as_root:
        return Finding(name, subject, "ok", "not needed: Postgres runs as you")
    if not said:
        return Finding(name, subject, "ok", "allowed; Postgres, started by root, runs in one")
    mend = "run ./lab as an ordinary user, or allow them: sysctl user.max_user_namespaces"
    return Finding(name, subject, "fail", said, mend)


def _try_namespace() -> str:
    try:
        tried = subprocess.run(MAP, capture_output=True, text=True, timeout=5, check=False)
    except FileNotFoundError:
        return "the program unshare (package util-linux) is not there to try one"
    except subprocess.TimeoutExpired:
        return "unshare does not answer"
    return "" if tried.returncode == 0 else tried.stderr.strip() or f"unshare ends with {tried.returncode}"
