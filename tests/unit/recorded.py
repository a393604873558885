"""The recorded machines, and what each is for where it cannot hold everything."""

from homelab import imagined, lab, planner, profile
from homelab.planner import HostPlan

LAB = lab.load(lab.EXAMPLE)
EVERYTHING = tuple(
    name for name, rule in profile.load("default", ram_mib=1).rules.consumers.items() if not rule.by_hand
)
HOSTS = tuple(imagined.recorded())

WORKERS = ("extract", "graph", "embedder", "chunk", "embed")
ROLES = {
    "container-4g": ("postgres", "nats", "oxigraph", "garage"),
    "mini-pc-8g": ("postgres", "nats", "oxigraph", "litellm", "garage", "api"),
    "pi4-4g": ("garage", "collector"),
    "pi5-4g": WORKERS,
    "pi5-8g": WORKERS,
    "vm-radeon-v1": ("litellm", "api", "collector"),
    "yellow-cm4-4g": ("timescaledb",),
    "yellow-cm5-8g": ("timescaledb",),
}
"""The stores of a small server, a NAS' object store, the workers of an agent, Home Assistant's database."""

MODELS = {
    "desktop-32g-nvidia": ("postgres", "llama-server", "ollama"),
    "jetson-orin-32g": ("llama-server",),
    "jetson-orin-64g": ("llama-server",),
    "jetson-orin-nx-16g": ("ollama",),
    "pi5-4g": ("ollama",),
    "pi5-8g": ("ollama",),
    "spark-128g": ("llama-server", "ollama"),
    "vm-h200-128g": ("llama-server", "ollama"),
}
"""Servers of models: unified memory, a card that holds one of two, one that holds both, and none."""


def plan(host: str, placed: tuple[str, ...], *, at_most_mib: int | None = None) -> HostPlan:
    """With the example's models; its data is on the root file system. Raises BudgetExceeded.

    `at_most_mib`: as if it had no more memory than this.
    """
    facts = imagined.facts_of(imagined.Machine(), host)
    if at_most_mib is not None:
        mib = min(at_most_mib, facts.homelab.total_ram_mb)
        facts = facts.model_copy(update={"homelab": facts.homelab.model_copy(update={"total_ram_mb": mib})})
    machine = LAB.hosts["desktop"].model_copy(update={"address": f"{host}.lan", "place": placed})
    return planner.plan_host(LAB.model_copy(update={"hosts": {host: machine}}), host, facts)
