"""A lab and what is known of its machines: all that a plan follows from, and the plan of each host. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from homelab import budget, profile
from homelab.budget import Budget
from homelab.errors import BudgetExceeded, InvalidInput, Problem
from homelab.facts import Facts
from homelab.lab import Lab
from homelab.lab.host import Serve
from homelab.specs import Spec, specs_of


@dataclass(frozen=True, slots=True)
class HostPlan:
    name: str
    facts: Facts
    profile: profile.Profile
    budget: Budget
    specs: Mapping[str, Spec]


@dataclass(frozen=True, slots=True)
class Situation:
    """`facts` are of the hosts that could be measured, by name."""

    lab: Lab
    facts: Mapping[str, Facts]

    def placing(self, placed: Mapping[str, Sequence[str]]) -> "Situation":
        """With other consumers on the hosts named in `placed`; a choice of models moves with its server."""
        hosts = dict(self.lab.hosts)
        chosen: dict[str, tuple[str, ...]] = {}
        for host in hosts.values():
            chosen |= host.serve.chosen
        for name, consumers in placed.items():
            own = chosen | hosts[name].serve.chosen
            serve = _serve({one: own[one] for one in consumers if one in own})
            hosts[name] = hosts[name].model_copy(update={"place": tuple(consumers), "serve": serve})
        return self.with_lab(hosts=hosts)

    def serving(self, name: str, server: str, models: tuple[str, ...]) -> "Situation":
        """With other models on one server of the host `name`."""
        host = self.lab.hosts[name]
        serve = _serve({**host.serve.chosen, server: models})
        return self.with_lab(hosts={**self.lab.hosts, name: host.model_copy(update={"serve": serve})})

    def with_lab(self, **keys: object) -> "Situation":
        return Situation(self.lab.model_copy(update=keys), self.facts)

    def with_facts(self, name: str, facts: Facts) -> "Situation":
        return Situation(self.lab, {**self.facts, name: facts})


def _serve(chosen: Mapping[str, tuple[str, ...]]) -> Serve:
    alone = chosen.get("llama-server")
    return Serve(llama_server=alone[0] if alone else None, ollama=chosen.get("ollama"))


def plan_host(lab: Lab, name: str, facts: Facts) -> HostPlan:
    """Raises BudgetExceeded when what is placed on the host does not fit it, InvalidInput for a GGUF file that
    cannot be used, and for Cognee without a model to read by.
    """
    host = lab.hosts[name]
    _must_be_known(name, host.placed)
    rules = profile.load(lab.profile, ram_mib=facts.homelab.total_ram_mb, flags=facts.cpu.flags)
    _must_have_a_model(lab, host.placed, rules)
    data_path = str(lab.local.data_dir) if host.local else "/"
    served = budget.served(host.placed, rules, host.serve.chosen, lab.path.parent)
    ledger = budget.plan(facts, host.placed, rules, name, data_path, served)
    return HostPlan(name, facts, rules, ledger, specs_of(ledger, rules, lab))


def _must_be_known(host: str, placed: Sequence[str]) -> None:
    """A consumer without a line in the profile would run without a budget."""
    known = profile.load("default", ram_mib=1).rules.consumers
    rule, fix = "no profile says what it may use", "leave it out of place"
    unknown = [consumer for consumer in placed if consumer not in known]
    if unknown:
        raise InvalidInput(*(Problem(f"lab.yaml hosts.{host}.place", one, rule, fix) for one in unknown))


def _must_have_a_model(lab: Lab, placed: Sequence[str], rules: profile.Profile) -> None:
    """Our own builder counts terms without one; Cognee could do nothing."""
    if "graph" in placed and rules.rules.graph.engine == "cognee" and lab.models.chat is None:
        rule = f"graph.engine of the profile {rules.name} is cognee, which reads by a chat model"
        raise InvalidInput(Problem(f"{lab.path.name} models.chat", "none", rule, "name one, or write engine: own"))


def plan_each(now: Situation) -> Iterator[tuple[str, HostPlan | BudgetExceeded]]:
    """Host by host its plan or its refusal, which has no ways out yet."""
    for name, host in now.lab.hosts.items():
        if host.placed:
            try:
                yield name, plan_host(now.lab, name, now.facts[name])
            except BudgetExceeded as refusal:
                yield name, refusal
