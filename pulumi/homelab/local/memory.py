"""What each service really uses, beside what the budget gives it.

Now: the proportional set size of all its processes, so that shared pages are counted once. Peak: the cgroup's own
high-water mark where there is a cgroup, else the highest of the samples that a `Sampler` took.
"""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Literal

from homelab.local import record, supervisord
from homelab.local.folders import Folders
from homelab.local.ports import tree
from homelab.local.ready import Stranger, is_ready
from homelab.local.record import Record, Started
from homelab.local.service import Program
from homelab.local.supervisord import State, connect
from homelab.units import MIB

SAMPLE_EVERY = 0.5
"""Seconds between samples: a stage holds a document's memory for longer than that."""

PEAKS = "peaks.json"

_WORDS = ("ready", "not ready", "restarting", "stopped", "given up")
"""States of a process, the better first. `restarting`: it ends as soon as it starts and is tried ever later."""

Source = Literal["cgroup", "sampled"]


@dataclass(frozen=True, slots=True)
class Usage:
    """One service, all its processes together.

    `peak_mib` is None when it never ran, `limit_mib` when it has no limit. `state` is `ready`, or why it is not.
    """

    service: str
    consumer: str
    state: str
    pid: int | None
    rss_mib: int
    peak_mib: int | None
    limit_mib: int | None
    source: Source
    restarts: int


def usage(folders: Folders) -> list[Usage]:
    """Every service of the running platform, in the order of its table, each asked whether it is ready.

    Steps, which run once, are left out.
    """
    known = record.read(folders)
    if known is None:
        return []
    states: dict[str, State] = {}
    if supervisord.is_running(folders):
        with connect(folders) as supervisor:
            states = supervisor.states()
    peaks = _read_peaks(folders)
    servers = [service for service in known.services if not service.is_step]
    with ThreadPoolExecutor(max_workers=max(1, len(servers))) as pool:
        return list(pool.map(lambda service: _usage_of(known, service, states, peaks), servers))


def _usage_of(known: Record, service: Started, states: dict[str, State], peaks: dict[str, int]) -> Usage:
    own = [states[program.name] for program in service.programs if program.name in states]
    now = _pss(own)
    counted = _counted(known, service)
    # Never below what is there now: pages of its program files may be charged to whoever read them first.
    peak = max(now, peaks.get(service.name, 0) if counted is None else counted)
    return Usage(
        service=service.name,
        consumer=service.consumer,
        state=_state(service, states),
        pid=next((state.pid for state in own if state.pid), None),
        rss_mib=_mib(now),
        peak_mib=_mib(peak) if peak else None,
        limit_mib=None if service.limit_mib is None else sum(service.limit_mib for _ in service.programs),
        source="cgroup" if counted is not None else "sampled",
        restarts=sum(state.restarts for state in own),
    )


def _counted(known: Record, service: Started) -> int | None:
    """Bytes: the sum of what the kernel counted for each of its processes; None where it did not."""
    total = 0
    for program in service.programs:
        group = known.cgroup_of(program.name)
        peak = group.peak_bytes() if group is not None else None
        if peak is None:
            return None
        total += peak
    return total


def _state(service: Started, states: dict[str, State]) -> str:
    """The worst of the service's processes."""
    return max((_word(program, states.get(program.name)) for program in service.programs), key=_WORDS.index)


def _word(program: Program, state: State | None) -> str:
    match state:
        case State(state="RUNNING" | "STARTING", pid=pid):
            try:
                return "ready" if is_ready(program, pid) else "not ready"
            except Stranger:
                return "not ready"
        case State(state="BACKOFF"):
            return "restarting"
        case State(state="FATAL"):
            return "given up"
        case _:
            return "stopped"


def _mib(size: int) -> int:
    return -(-size // MIB)  # upwards: a service just above its budget must not look as if it kept it


def _pss(states: list[State]) -> int:
    """Bytes, of the processes and all their descendants."""
    pids = set().union(*(tree(state.pid) for state in states if state.pid))
    return sum(pss_bytes(pid) for pid in pids)


def pss_bytes(pid: int) -> int:
    """Proportional set size: private pages, and shared ones divided by their sharers. 0 once it has ended."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    kib = next((line.split()[1] for line in text.splitlines() if line.startswith("Pss:")), "0")
    return int(kib) * 1024


@contextmanager
def sampler(folders: Folders) -> Iterator[None]:
    """Keep the peaks of services that no cgroup counts, for the time of the block, and note them for `usage`."""
    stop = Event()
    failed: list[OSError] = []

    def run() -> None:
        peaks = _read_peaks(folders)
        try:
            while not stop.wait(SAMPLE_EVERY):
                _sample(folders, peaks)
        except OSError as error:
            failed.append(error)
        record.write_whole(folders.run / PEAKS, json.dumps(peaks))

    thread = Thread(target=run, name="memory sampler")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    if failed:
        raise failed[0]


def _sample(folders: Folders, peaks: dict[str, int]) -> None:
    known = record.read(folders)
    if known is None or not supervisord.is_running(folders):
        return
    with connect(folders) as supervisor:
        states = supervisor.states()
    for service in known.services:
        own = [states[program.name] for program in service.programs if program.name in states]
        peaks[service.name] = max(peaks.get(service.name, 0), _pss(own))


def _read_peaks(folders: Folders) -> dict[str, int]:
    path = folders.run / PEAKS
    return json.loads(path.read_text()) if path.exists() else {}


def as_json(usages: list[Usage]) -> list[dict[str, object]]:
    """Entries of `services` in `status --json`."""
    return [{"name": entry["service"], **entry} for entry in map(asdict, usages)]
