"""A machine at one's fingertips: its description checked, and the lab that consists of it alone."""

from collections.abc import Mapping, Sequence
from typing import get_args

from homelab import profile
from homelab.document import meant
from homelab.errors import InvalidInput, Problem
from homelab.facts import Facts, StorageClass
from homelab.imagined import Architecture, Machine
from homelab.lab import Host, Lab
from homelab.llm import names
from homelab.llm.catalogue import GGUF, load_all
from homelab.situation import Situation
from homelab.units import parse_bytes


def described(
    ram: str | None,
    cores: int | None,
    disk: str | None,
    disk_class: str | None,
    gpu_vram: str | None,
    unified: bool,
    arch: str | None,
) -> Machine:
    """Raises InvalidInput with every option that cannot be understood."""
    problems: list[Problem] = []

    def size(option: str, text: str | None) -> int | None:
        try:
            return None if text is None else parse_bytes(text)
        except ValueError as error:
            problems.append(Problem(option, str(text), str(error), ""))
            return None

    def one_of(option: str, text: str | None, known: Sequence[str]) -> str | None:
        if text is not None and text not in known:
            problems.append(Problem(option, text, "not known", meant(text, known)))
        return text

    machine = Machine(
        ram=size("--ram", ram),
        cores=cores,
        disk=size("--disk", disk),
        disk_class=one_of("--disk-class", disk_class, get_args(StorageClass)),  # type: ignore[arg-type]
        gpu_vram=size("--gpu-vram", gpu_vram),
        unified=unified,
        architecture=one_of("--arch", arch, get_args(Architecture)),  # type: ignore[arg-type]
    )
    if problems:
        raise InvalidInput(*problems)
    return machine


def alone(
    lab: Lab,
    facts: Facts,
    name: str,
    place: Sequence[str] | None,
    serve: Mapping[str, tuple[str, ...]] | None = None,
) -> Situation:
    """This machine as the only host, with the models of `lab`; `place` None is everything, and who serves `serve`.

    Raises InvalidInput for an unknown consumer, and for models of one that is not placed.
    """
    rules = profile.load(lab.profile, ram_mib=facts.homelab.total_ram_mb, flags=facts.cpu.flags).rules
    wanted = serve or {}
    everything = [consumer for consumer, rule in rules.consumers.items() if not rule.by_hand or consumer in wanted]
    host = imagined_host(known_consumers(place, "--place") if place else everything)
    now = Situation(lab.model_copy(update={"hosts": {name: host}}), {name: named(facts, name)})
    return serving(now, wanted)


def models_of(serve: Sequence[str], lab: Lab) -> dict[str, tuple[str, ...]]:
    """Server → its models, from `CONSUMER=MODEL` once for each. Raises InvalidInput with all that is wrong."""
    servers, known = list(profile.load("default", ram_mib=1).rules.models.serve), names()
    chosen: dict[str, tuple[str, ...]] = {}
    problems = []
    for one in serve:
        server, _, model = one.partition("=")
        if not model:
            rule = "must be CONSUMER=MODEL"
            problems.append(Problem("--serve", one, rule, f"write {server or 'ollama'}={known[0]}"))
        elif server not in servers:
            problems.append(Problem("--serve", server, "no such server of models", meant(server, servers)))
        elif not model.endswith(GGUF) and model not in known:
            problems.append(Problem("--serve", model, "no such model", meant(model, known)))
        elif server == "llama-server" and server in chosen:
            problems.append(Problem("--serve", one, "llama-server serves one model", "name one, or use ollama"))
        else:
            chosen[server] = (*chosen.get(server, ()), model)
    if problems:
        raise InvalidInput(*problems)
    load_all([model for models in chosen.values() for model in models], lab.path.parent)
    return chosen


def serving(now: Situation, serve: Mapping[str, tuple[str, ...]]) -> Situation:
    """With other models on every host that has their server. Raises InvalidInput where no host has it."""
    for server, models in serve.items():
        hosts = [name for name, host in now.lab.hosts.items() if server in host.placed]
        if not hosts:
            rule = "no host has it placed"
            raise InvalidInput(Problem("--serve", server, rule, f"say --place {server}, or --move {server}=HOST"))
        for name in hosts:
            now = now.serving(name, server, models)
    return now


def known_profile(name: str) -> str:
    """Raises InvalidInput for a name that lab.yaml could not give."""
    known = ["auto", *profile.bases()]
    if name not in known:
        raise InvalidInput(Problem("--profile", name, "no such profile", meant(name, known)))
    return name


def known_consumers(place: Sequence[str], option: str) -> Sequence[str]:
    """Raises InvalidInput with every consumer that no profile knows."""
    known = list(profile.load("default", ram_mib=1).rules.consumers)
    unknown = [consumer for consumer in place if consumer not in known]
    if unknown:
        raise InvalidInput(*(Problem(option, one, "no such consumer", meant(one, known)) for one in unknown))
    return place


def imagined_host(place: Sequence[str]) -> Host:
    return Host(address="imagined", place=tuple(place))


def named(facts: Facts, name: str) -> Facts:
    """The facts as those of the host `name`."""
    measured = facts.homelab.model_copy(update={"host": name})
    return facts.model_copy(update={"host": name, "homelab": measured})
