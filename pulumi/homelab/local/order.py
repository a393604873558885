"""Work through services in dependency order, everything that can at the same time."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter
from threading import Event
from typing import Protocol, TypeVar


class Node(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def needs(self) -> tuple[str, ...]: ...


N = TypeVar("N", bound=Node)


def in_order(nodes: Sequence[N], act: Callable[[N, Event], None], *, reverse: bool = False) -> None:
    """Call `act` for every node in a thread, after those that it needs (`reverse`: after those that need it).

    The first failure, or an interrupt, sets the event that `act` was given, lets what has begun come to its end,
    starts nothing more and is raised. A need that is not among the nodes counts as met.
    """
    if not nodes:
        return
    by_name = {node.name: node for node in nodes}
    sorter = TopologicalSorter(_before(by_name, reverse=reverse))
    sorter.prepare()
    cancelled = Event()
    with ThreadPoolExecutor(max_workers=len(nodes), thread_name_prefix="service") as pool:
        running: dict[Future[None], str] = {}
        try:
            while sorter.is_active():
                for name in sorter.get_ready():
                    running[pool.submit(act, by_name[name], cancelled)] = name
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    sorter.done(running.pop(future))
                    future.result()
        finally:
            cancelled.set()


def levels(nodes: Sequence[N]) -> dict[str, int]:
    """Node → the length of the longest chain of needs below it, from 1."""
    by_name = {node.name: node for node in nodes}
    before = _before(by_name, reverse=False)
    found: dict[str, int] = {}
    for name in TopologicalSorter(before).static_order():
        found[name] = 1 + max((found[need] for need in before[name]), default=0)
    return found


def _before(by_name: dict[str, N], *, reverse: bool) -> dict[str, set[str]]:
    before: dict[str, set[str]] = {name: set() for name in by_name}
    for node in by_name.values():
        for need in by_name.keys() & set(node.needs):
            if reverse:
                before[need].add(node.name)
            else:
                before[node.name].add(need)
    return before
