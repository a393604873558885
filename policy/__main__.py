"""The policies of `homelab.policy` as the engine asks them: what they find stops a preview or an `up`.

Each object is judged before it is made, and the stack as a whole once every object is known. What a preview cannot
know yet is judged by the `up`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

from homelab import lab, planner, policy, sops
from homelab.errors import HomelabError

KUBERNETES = "kubernetes:"
UNKNOWN = "known after up"


def single(rule: policy.Policy, ledger: policy.Ledger) -> Policy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        if is_object(args.resource_type, args.props):
            for violation in found(rule, [plain(args.props)], ledger):
                report(str(violation.problem), None)

    return ResourceValidationPolicy(rule.name, rule.asks, validate)


def whole(rule: policy.Policy, ledger: policy.Ledger) -> Policy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        objects = [one for one in args.resources if is_object(one.resource_type, one.props)]
        manifests = [plain(one.props) for one in objects]
        urns = {policy.title(manifest): one.urn for manifest, one in zip(manifests, objects, strict=True)}
        for violation in found(rule, manifests, ledger):
            report(str(violation.problem), urns.get(violation.object))

    return StackValidationPolicy(rule.name, rule.asks, validate)


def is_object(kind: str, props: Mapping[str, Any]) -> bool:
    """Whether it is an object of the cluster, and no provider or component."""
    return kind.startswith(KUBERNETES) and "kind" in props


def found(
    rule: policy.Policy, manifests: Sequence[policy.Manifest], ledger: policy.Ledger
) -> list[policy.Violation]:
    violations = rule.check(manifests, ledger)
    return [one for one in violations if not policy.excepted(one) and UNKNOWN not in one.given]


def plain(value: Any) -> Any:
    """Mappings, lists and whole numbers, as they stand in a manifest: the engine's protocol has but one number."""
    if isinstance(value, Mapping):
        return {key: plain(known(value, key)) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(known(value, number)) for number in range(len(value))]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def known(value: Any, key: Any) -> Any:
    try:
        return value[key]
    except UnknownValueError:
        return UNKNOWN


def secrets_of(here: lab.Lab) -> dict[str, str]:
    """Every value that the lab keeps secret, with its name; what is not there yet, the program asks for."""
    there = [name for name in sops.place(here).names() if name in sops.wanted(here)]
    return {
        value: f"{name}.{key}" for name, file in sops.read_all(here, there).items() for key, value in file.items()
    }


def main() -> None:
    """Serves the engine until it ends this process."""
    try:
        here = lab.load()
        ledger = replace(policy.ledger_of(here, planner.plan_lab(here)), secrets=secrets_of(here))
    except HomelabError as refusal:
        raise SystemExit(str(refusal)) from None
    rules = [whole(rule, ledger) if rule.whole else single(rule, ledger) for rule in policy.POLICIES]
    PolicyPack("homelab", rules, EnforcementLevel.MANDATORY)


main()
