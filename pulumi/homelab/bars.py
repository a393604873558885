"""What a host has and who gets it, as bars: memory, CPU, disk and the card's memory, each adding up."""

from collections.abc import Iterator
from dataclasses import dataclass

from homelab.figure import Figure, Step
from homelab.situation import HostPlan
from homelab.units import human_mib


@dataclass(frozen=True, slots=True)
class Part:
    """`amount` in the bar's unit; `text` says it for people, `chain` why it is that."""

    name: str
    amount: int
    text: str
    chain: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """`sum(part.amount) == amount`, which is all that the host has."""

    title: str
    amount: int
    text: str
    parts: tuple[Part, ...]


def bars(plan: HostPlan) -> Iterator[Bar]:
    yield memory(plan)
    if plan.budget.vram is not None:
        yield vram(plan)
    yield cpu(plan)
    yield disk(plan)


def memory(plan: HostPlan) -> Bar:
    parts = []
    for line in plan.budget.lines:
        each = f" ({line.replicas_max} × {human_mib(line.limit.value)})" if line.replicas_max > 1 else ""
        chain = (*line.limit.chain, *line.replicas.chain[-1:]) if each else line.limit.chain
        parts.append(Part(line.consumer, line.total_mib, f"{human_mib(line.total_mib)}{each}", chain))
    free = plan.budget.free
    parts.append(Part("free", free.value, human_mib(free.value), free.chain))
    total = plan.budget.total.value
    return Bar("memory", total, human_mib(total), tuple(parts))


def vram(plan: HostPlan) -> Bar:
    """Of a card with memory of its own. Raises ValueError for a host without."""
    card = plan.budget.vram
    if card is None:
        raise ValueError(f"{plan.name} has no ledger of a card")
    figures = {"kept": card.kept, **card.shares, "free": card.free}
    parts = [Part(name, one.value, human_mib(one.value), one.chain) for name, one in figures.items()]
    return Bar("VRAM", card.total.value, human_mib(card.total.value), tuple(parts))


def cpu(plan: HostPlan) -> Bar:
    """By requests; limits may overlap, since CPU is compressible."""
    cores = plan.budget.cores
    parts = []
    for line in plan.budget.lines:
        amount = line.cpu_request.value * line.replicas_max
        if amount:
            each = f" ({line.replicas_max} × {line.cpu_request.value}m)" if line.replicas_max > 1 else ""
            parts.append(Part(line.consumer, amount, f"{_cores(amount)}{each}", line.cpu_request.chain))
    left = cores.value - sum(part.amount for part in parts)
    parts.append(_rest("free", cores, left, _cores(left), "asked for by nobody, used by whoever is busy"))
    return Bar("CPU", cores.value, _cores(cores.value), tuple(parts))


def disk(plan: HostPlan) -> Bar:
    """Of the disk that holds the data."""
    ledger = plan.budget.disk
    total = ledger.total.value
    others = total - ledger.usable.value
    parts = [_rest("others", ledger.usable, others, _gib(others), "what others keep on it")] if others else []
    parts += [Part(name, one.value, _gib(one.value), one.chain) for name, one in ledger.shares.items()]
    left = total - sum(part.amount for part in parts)
    percent = plan.profile.rules.storage.free_percent
    kept = min(left, -(-total * percent // 100))
    parts.append(_rest("kept free", ledger.total, kept, _gib(kept), f"{percent} % are never planned"))
    parts.append(_rest("free", ledger.total, left - kept, _gib(left - kept), "shared out to nobody"))
    return Bar(f"disk · {ledger.storage_class}", total, _gib(total), tuple(parts))


def _rest(name: str, total: Figure, amount: int, text: str, because: str) -> Part:
    return Part(name, amount, text, (*total.chain, Step("rule", name, text, because)))


def _cores(millicores: int) -> str:
    if millicores < 1000:
        return f"{millicores}m"
    return f"{millicores / 1000:.4g} core{'s' if millicores != 1000 else ''}"


def _gib(gib: int) -> str:
    return f"{gib} GiB" if gib < 1024 else f"{gib / 1024:.1f} TiB"
