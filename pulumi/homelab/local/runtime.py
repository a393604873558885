"""Up and down of one data folder's platform."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from threading import Event
from typing import Literal

from homelab.errors import LocalError, Problem
from homelab.local import cgroup, conf, leftovers, ports, record, supervisord
from homelab.local.folders import Folders
from homelab.local.order import in_order, levels
from homelab.local.record import Started
from homelab.local.service import Service
from homelab.local.supervisord import State, connect
from homelab.local.wait import log_size, wait_ready

SHUTDOWN_WITHIN = 15.0
"""Seconds for supervisord to end once its programs have."""

_ALIVE = ("RUNNING", "STARTING", "BACKOFF")  # supervisord itself sees to these


@dataclass(frozen=True, slots=True)
class Progress:
    """What happened to a service, and how many seconds it took."""

    service: str
    did: Literal["ready", "done", "stopped"]
    seconds: float


Report = Callable[[Progress], None]


def up(folders: Folders, services: Sequence[Service], report: Report) -> None:
    """Start everything that does not run, restart what changed, stop what is no longer wanted; return when ready.

    Raises LocalError (a taken port, a service that does not get ready, another `up` at work); then, and at an
    interrupt, everything is stopped again unless the platform ran before this call.
    """
    folders.create()
    with _alone(folders), ExitStack() as undo:
        if not supervisord.is_running(folders):
            _clean(folders)
            undo.callback(_stop, folders, _silent)
        _configure(folders, services)
        in_order(services, partial(_start, folders, report))
        undo.pop_all()


def down(folders: Folders, report: Report) -> bool:
    """Stop everything, in reverse order; False when nothing ran. What a crash left behind is ended too."""
    if not folders.run.exists():
        return False
    with _alone(folders):
        return _stop(folders, report)


@contextmanager
def running(folders: Folders, services: Sequence[Service], report: Report) -> Iterator[None]:
    """The platform for the time of a block; stopped at its end, however it ends."""
    up(folders, services, report)
    try:
        yield
    finally:
        down(folders, report)


@contextmanager
def _alone(folders: Folders) -> Iterator[None]:
    path = folders.run / "lock"
    lock = supervisord.try_lock(path)
    if lock is None:
        given = f"{path.read_text().strip() or 'another process'} is starting or stopping it"
        raise LocalError(Problem(f"local platform in {folders.data}", given, "one at a time", "wait for it"))
    with lock:
        lock.truncate(0)
        lock.write(f"pid {os.getpid()}")
        lock.flush()
        try:
            yield
        except (ConnectionError, TimeoutError) as error:
            fix = f"try again; see {folders.log / 'supervisord.log'}"
            raise LocalError(Problem("supervisord", f"it stopped answering ({error})", "", fix)) from error
        except OSError as error:
            if error.filename is None:
                raise
            rule = "the local platform must be able to use it"
            raise LocalError(Problem(str(error.filename), error.strerror or str(error), rule, "")) from error


def _configure(folders: Folders, services: Sequence[Service]) -> None:
    """Write every file, and let a running supervisord take up what changed."""
    known = record.read(folders)
    wanted = record.of(services, known.cgroup if known is not None else _platform_group(folders))
    record.write(folders, wanted)
    specs: dict[str, str] = {}
    for service in services:
        for path, text in service.files.items():
            record.write_whole(path, text)
        for program in service.programs:
            group = wanted.cgroup_of(program.name)
            if group is not None:
                _limit(group, service.limit_mib)
            name, text = conf.launch_spec(service, program, group)
            record.write_whole(folders.programs / name, text)
            specs[program.name] = name
    record.write_whole(folders.run / supervisord.CONF, conf.supervisord_conf(services, specs, levels(services)))
    if supervisord.is_running(folders):
        _take_up(folders)
        with connect(folders) as supervisor:
            states = supervisor.states()
        _check_ports(services, states)
    else:
        _check_ports(services, {})
        supervisord.start(folders)
    for path in folders.programs.iterdir():
        if path.name not in specs.values():
            path.unlink()


def _platform_group(folders: Folders) -> cgroup.Cgroup | None:
    place = cgroup.find()
    if place is None:
        return None
    group = place.child(f"homelab-{folders.identity}")
    try:
        group.create(with_children=True)
    except OSError:
        return None  # the folder looked writable and the kernel thinks otherwise: memory is only sampled
    return group


def _limit(group: cgroup.Cgroup, mib: int | None) -> None:
    group.create()
    if mib is not None:
        group.limit(mib)


def _take_up(folders: Folders) -> None:
    with connect(folders) as supervisor:
        added, changed, removed = supervisor.reread()
        for program in (*changed, *removed):
            supervisor.stop(program)
            supervisor.remove(program)
        for program in (*added, *changed):
            supervisor.add(program)


def _check_ports(services: Sequence[Service], states: dict[str, State]) -> None:
    ports.check_free(
        (program.name, port)
        for service in services
        for program in service.programs
        if program.name not in states or states[program.name].state not in _ALIVE
        for port in program.ports
    )


def _start(folders: Folders, report: Report, service: Service, cancelled: Event) -> None:
    began = time.monotonic()
    with connect(folders) as supervisor:
        states = supervisor.states()
        idle = [program for program in service.programs if not _is_under_way(service, states[program.name])]
        sizes = {program.name: log_size(folders, program.name) for program in service.programs}
        for program in idle:
            if cancelled.is_set():
                return
            supervisor.start(program.name)
    for program in service.programs:
        wait_ready(folders, service, program, states[program.name], sizes[program.name], cancelled)
    if not cancelled.is_set():
        report(Progress(service.name, "done" if service.is_step else "ready", time.monotonic() - began))


def _is_under_way(service: Service, state: State) -> bool:
    return state.state in _ALIVE or (service.is_step and state.state == "EXITED" and state.exit_status == 0)


def _stop(folders: Folders, report: Report) -> bool:
    if not supervisord.is_running(folders):
        return _clean(folders)
    known = record.read(folders)
    try:
        if known is not None:
            in_order(known.services, partial(_stop_service, folders, report), reverse=True)
        with connect(folders) as supervisor:
            pid = supervisor.pid()
            supervisor.shutdown()
        if not supervisord.wait_gone(pid, SHUTDOWN_WITHIN):
            supervisord.kill(folders)
    except OSError:
        supervisord.kill(folders)  # it does not answer
    _clean(folders)
    return True


def _stop_service(folders: Folders, report: Report, service: Started, _cancelled: Event) -> None:
    began = time.monotonic()
    with connect(folders) as supervisor:
        states = supervisor.states()
        names = [program.name for program in service.programs]
        alive = [name for name in names if name in states and states[name].state in _ALIVE]
        for name in alive:
            supervisor.stop(name)
    if alive:
        report(Progress(service.name, "stopped", time.monotonic() - began))


def _clean(folders: Folders) -> bool:
    """End and remove what belongs to no living supervisord; True when processes were found."""
    known = record.read(folders)
    found = leftovers.end(folders, known.cgroup if known is not None else None)
    if known is not None and known.cgroup is not None:
        known.cgroup.remove()
    record.forget(folders)
    return bool(found)


def _silent(_progress: Progress) -> None:
    return
