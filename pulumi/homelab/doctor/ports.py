"""The loopback ports of lab.yaml: free, or held by our own platform."""

from collections.abc import Iterator

from homelab.doctor.finding import Finding
from homelab.lab import Lab
from homelab.local import ports, supervisord
from homelab.local.folders import Folders
from homelab.local.ports import Owner


def findings(lab: Lab) -> Iterator[Finding]:
    folders = Folders(lab.local.data_dir)
    running = supervisord.is_running(folders)
    ours = ports.tree(int((folders.run / supervisord.PID).read_text())) if running else set()
    for key, number in lab.local.ports.model_dump(by_alias=True).items():
        if ports.is_free(number):
            yield port(key, number, owner=None, ours=False)
        else:
            held = ports.hold(ours, ports.sockets(number))
            yield port(key, number, owner=None if held else ports.owner(number), ours=held)


def port(key: str, number: int, *, owner: Owner | None, ours: bool) -> Finding:
    """`owner`: the stranger who has it."""
    if ours:
        return Finding("ports.free", key, "ok", f"{number} is our own, which runs")
    if owner is None:
        return Finding("ports.free", key, "ok", f"{number} is free")
    return Finding("ports.free", key, "fail", f"{number} is taken by {owner}", f"stop it or set local.ports.{key}")
