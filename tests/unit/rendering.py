"""What each recorded machine would put on a cluster, rendered once for all tests."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from homelab import imagined, planner
from homelab.consumers import LOCAL
from homelab.lab import EXAMPLE, Host, load
from homelab.phases import here, offline
from homelab.phases.site import Site
from homelab.phases.table import PHASES
from homelab.render import Chosen, chosen
from homelab.render.text import ordered
from homelab.what_if import named
from unit.recorded import HOSTS

LAB = load(EXAMPLE)

TOO_SMALL = ("container-4g", "pi4-4g", "pi5-4g", "vm-radeon-v1", "yellow-cm4-4g")
"""Machines that cannot hold what runs locally; the fourth for want of disk."""

ABLE = tuple(host for host in HOSTS if host not in TOO_SMALL)
FEW = ("ci-machine", "desktop-128g-nvidia", "desktop-16g", "desktop-32g", "mini-pc-8g", "pi5-8g", "spark-128g")
"""The smallest, the largest, both architectures, every profile; tests/engine takes all that are ABLE."""

INFERENCE, TOOLING = "phase3-inference", "phase4-tooling"
TOOLS = ("context-forge", "promptfoo")
BESIDE = {"jetson": ("jetson-orin-32g", "192.168.1.50"), "pi-control": ("pi5-8g", "pi-control.lan")}
"""Servers of models: host → its recorded machine and its address, as an IP and as a name."""

STACKS = tuple(PHASES)
CASES = tuple((host, stack) for host in FEW for stack in STACKS)

Manifest = Mapping[str, Any]


@cache
def machine(host: str, stack: str = "") -> Chosen:
    """With what runs locally placed on it, and what the stack is about: without extras for the first two."""
    what = chosen(LAB, host, (*LOCAL, *TOOLS) if stack == TOOLING else LOCAL)
    return with_models(what) if stack in (INFERENCE, TOOLING) else what


def with_models(what: Chosen) -> Chosen:
    """The same machine in a lab that has servers of models beside it."""
    hosts, plans = dict(what.lab.hosts), list(what.plan.hosts)
    for name, (recorded, address) in BESIDE.items():
        kind = "llama-server" if name == "jetson" else "ollama"
        hosts[name] = Host(address=address, place=(kind,))
        facts = named(imagined.facts_of(imagined.Machine(), recorded), name)
        plans.append(planner.plan_host(what.lab.model_copy(update={"hosts": hosts}), name, facts))
    return Chosen(what.lab.model_copy(update={"hosts": hosts}), planner.LabPlan(tuple(plans)))


@cache
def images() -> Mapping[str, Any]:
    return here.pinned(LAB)


def site(what: Chosen) -> Site:
    return Site(what.lab, what.plan, images(), here.masked(what.lab))


def objects(what: Chosen, stack: str) -> tuple[Manifest, ...]:
    return tuple(ordered(offline.manifests(PHASES[stack].program(), stack, site(what))))


@cache
def rendered(host: str, stack: str) -> tuple[Manifest, ...]:
    return objects(machine(host, stack), stack)


def one(found: Sequence[Manifest], kind: str, name: str) -> Manifest:
    (manifest,) = (m for m in found if (m["kind"], m["metadata"]["name"]) == (kind, name))
    return manifest


def templates(found: Sequence[Manifest]) -> Iterator[tuple[Manifest, Manifest]]:
    """Each workload with its pod template."""
    for manifest in found:
        spec = manifest.get("spec", {})
        spec = spec["jobTemplate"]["spec"] if manifest["kind"] == "CronJob" else spec
        if "template" in spec:
            yield manifest, spec["template"]


def containers(template: Manifest) -> list[Manifest]:
    return [*template["spec"].get("initContainers", []), *template["spec"]["containers"]]


def app(template: Manifest) -> str:
    name: str = template["metadata"]["labels"]["app.kubernetes.io/name"]
    return name
