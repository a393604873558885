"""Every manifest of recorded machines: limits of the ledger, no rights, no open door, the same bytes."""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from homelab import policy, units
from homelab.cli import run
from homelab.components.flows import FLOWS, TAILNET
from homelab.consumers import LOCAL, workload
from homelab.errors import BudgetExceeded, InvalidInput
from homelab.explain import everything
from homelab.policy.ledger import JOBS
from homelab.render import chosen, text, write
from unit.recorded import HOSTS
from unit.rendering import ABLE, CASES, FEW, LAB, STACKS, TOO_SMALL, app, containers, machine, rendered, templates

KUBERNETES = "1.36"
VALIDATED = ("ci-machine", "pi5-8g", "spark-128g")
"""The objects of all machines have the same shape; these have the least, the most and another architecture."""

each_case = pytest.mark.parametrize(("host", "stack"), CASES)


def budget(host: str, stack: str) -> Any:
    return machine(host, stack).plan.host(host).budget


@pytest.mark.parametrize("host", TOO_SMALL)
def test_a_machine_that_is_too_small_is_refused_with_the_sum(host: str) -> None:
    with pytest.raises(BudgetExceeded):
        chosen(LAB, host, LOCAL)


@each_case
def test_requests_and_limits_are_the_ledgers(host: str, stack: str) -> None:
    lines = {workload(line.consumer): line for line in budget(host, stack).lines}
    named = [
        (app(template), one) for _, template in templates(rendered(host, stack)) for one in containers(template)
    ]
    for name, container in named:
        line = lines.get(name) or lines[JOBS[name]]
        assert container["resources"] == {
            "requests": {"memory": f"{line.request.value}Mi", "cpu": f"{line.cpu_request.value}m"},
            "limits": {"memory": f"{line.limit.value}Mi", "cpu": f"{line.cpu_limit.value}m"},
        }, name
    assert named


@each_case
def test_the_policies_have_nothing_against_it(host: str, stack: str) -> None:
    what = machine(host, stack)
    found = policy.check(rendered(host, stack), policy.ledger_of(what.lab, what.plan))
    assert [str(violation.problem) for violation in found] == []


@each_case
def test_every_pod_is_under_a_network_policy_of_its_own(host: str, stack: str) -> None:
    found = rendered(host, stack)
    policies = [one["spec"]["podSelector"] for one in found if one["kind"] == "NetworkPolicy"]
    covered = {selector["matchLabels"]["app.kubernetes.io/name"] for selector in policies if selector}
    assert {app(template) for _, template in templates(found)} <= covered


@each_case
def test_what_serves_is_asked_how_it_is_and_what_ends_is_not(host: str, stack: str) -> None:
    for manifest, template in templates(rendered(host, stack)):
        serves = manifest["kind"] in ("StatefulSet", "Deployment")
        for container in template["spec"]["containers"]:
            assert all((f"{probe}Probe" in container) is serves for probe in ("startup", "liveness", "readiness"))


@each_case
def test_all_names_and_files_are_once_there(host: str, stack: str) -> None:
    names = Counter((one["kind"], one["metadata"]["name"]) for one in rendered(host, stack))
    assert [name for name, times in names.items() if times > 1] == []


@each_case
def test_a_mounted_config_map_or_secret_is_one_that_a_phase_makes(host: str, stack: str) -> None:
    made = {(m["kind"], m["metadata"]["name"]) for one in STACKS for m in rendered(host, one)}
    wanted = set()
    for _, template in templates(rendered(host, stack)):
        for volume in template["spec"].get("volumes", []):
            if "configMap" in volume:
                wanted.add(("ConfigMap", volume["configMap"]["name"]))
            if "secret" in volume:
                wanted.add(("Secret", volume["secret"]["secretName"]))
        for container in containers(template):
            keys = [variable.get("valueFrom", {}).get("secretKeyRef") for variable in container.get("env", [])]
            wanted |= {("Secret", key["name"]) for key in keys if key}
    assert wanted - made == set()


@pytest.mark.parametrize(("host", "stack"), [case for case in CASES if case[0] in VALIDATED])
def test_it_is_what_the_schemas_of_kubernetes_allow(host: str, stack: str) -> None:
    for manifest in rendered(host, stack):
        kubernetes_validate.validate(manifest, KUBERNETES, strict=True)


def quantities(value: Any) -> Iterator[str]:
    """Amounts of memory, disk and processor anywhere below `value`."""
    if isinstance(value, dict):
        for key, one in value.items():
            if key in ("memory", "storage", "cpu") and isinstance(one, str):
                yield one
            elif key == "maxReplicas":
                yield str(one)
            yield from quantities(one)
    elif isinstance(value, list):
        for one in value:
            yield from quantities(one)


@each_case
def test_explain_knows_every_amount(host: str, stack: str) -> None:
    notations = {"MiB": units.quantity_mib, "GiB": units.quantity_gib, "m": units.quantity_cpu}
    known = {
        notations.get(found.figure.unit, str)(found.figure.value)
        for found in everything(machine(host, stack).plan.host(host))
    }
    assert {amount for one in rendered(host, stack) for amount in quantities(one)} - known == set()


def test_every_flow_is_between_apps_that_some_phase_deploys() -> None:
    """A flow of nobody would be a hole without a use. The extras are not placed on these machines."""
    apps = {app(template) for stack in STACKS for _, template in templates(rendered("desktop-32g", stack))}
    extras = {"collector", "openobserve"}
    assert {end for flow in FLOWS for end in (flow.source, flow.target)} - apps - extras == {TAILNET}


def test_secrets_are_masked() -> None:
    secrets = [one for one in rendered("desktop-32g", "phase1-core") if one["kind"] == "Secret"]
    assert {one["metadata"]["name"] for one in secrets} >= {"nats", "garage", "supabase-postgres", "litellm"}
    assert {value for one in secrets for value in one["stringData"].values()} == {"masked"}


def test_the_same_machine_gives_the_same_bytes_in_another_process() -> None:
    script = "from homelab.cli import run; run(['render', 'phase1-core', '--host', 'pi5-16g'])"
    said = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": seed, "HOMELAB_FILE": str(LAB.path), "PATH": ""},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    (once,) = said
    assert once.count(b"\n---\n") > 20


def test_configuration_is_read_as_it_stands_in_its_file() -> None:
    config = next(
        one
        for one in rendered("desktop-32g", "phase1-core")
        if (one["kind"], one["metadata"]["name"]) == ("ConfigMap", "nats")
    )
    assert "  nats.conf: |\n    server_name: lab\n" in text(config)
    assert yaml.safe_load(text(config)) == config


def test_a_folder_holds_one_file_for_each_object_and_nothing_of_before(tmp_path: Path) -> None:
    found = rendered("desktop-32g", "phase1-core")
    write(tmp_path / "out", found)
    (tmp_path / "out/notes.yaml").write_text("mine: true\n")
    write(tmp_path / "out", found[:2])
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "namespace-ai-infrastructure.yaml",
        "networkpolicy-bootstrap.yaml",
        "notes.yaml",
    }


def test_a_file_of_another_origin_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "namespace-ai-infrastructure.yaml").write_text("mine: true\n")
    with pytest.raises(InvalidInput, match="not ours to write over"):
        write(tmp_path, rendered("desktop-32g", "phase1-core"))
    assert [path.name for path in tmp_path.iterdir()] == ["namespace-ai-infrastructure.yaml"]


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["phase9-moon"], 2, "'phase9-moon' is no stack"),
        (
            ["phase1-core", "--host", "desktop-33g"],
            1,
            "neither in the lab nor recorded · did you mean desktop-32g?",
        ),
        (["phase1-core", "--place", "nats"], 2, "is of a recorded machine; lab.yaml places on its own"),
        (["phase1-core", "--host", "desktop-32g", "--place", "nats"], 1, "garage is placed on no node"),
    ],
)
def test_a_mistake_is_told(
    arguments: list[str],
    status: int,
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOMELAB_FILE", str(LAB.path))
    assert run(["render", *arguments]) == status
    assert said in re.sub(r"\s+", " ", capsys.readouterr().err)


def test_programs_get_the_objects_as_json(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOMELAB_FILE", str(LAB.path))
    assert run(["render", "phase1-core", "--host", "desktop-32g", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["schema"], said["stack"]) == ("render/1", "phase1-core")
    assert said["objects"][0]["kind"] == "Namespace"


def test_the_machines_of_these_tests_are_recorded() -> None:
    assert set(TOO_SMALL) < set(HOSTS)
    assert set(FEW) < set(ABLE)
