"""Servers of models beside the cluster: their names in it, LiteLLM's routes to them, and its way out."""

import re
from typing import Any

import pytest
import yaml

from homelab import inference
from homelab.cli import run
from homelab.config.litellm import Route
from homelab.lab import Host
from homelab.phases.table import PHASES
from homelab.render import Chosen
from unit.rendering import INFERENCE, LAB, Manifest, machine, objects, one, rendered, with_models

HOST = "desktop-32g"
CORE = "phase1-core"

ADDRESS = """
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: llama-server-jetson
  namespace: ai-infrastructure
  labels: &labels
    app.kubernetes.io/name: llama-server-jetson
    app.kubernetes.io/part-of: homelab
    app.kubernetes.io/managed-by: pulumi
    kubernetes.io/service-name: llama-server-jetson
addressType: IPv4
endpoints: [{addresses: [192.168.1.50]}]
ports: [{name: http, port: 8080, protocol: TCP}]
"""


def core(what: Chosen) -> tuple[Manifest, ...]:
    return objects(what, CORE)


def routes(found: tuple[Manifest, ...]) -> dict[str, Any]:
    text = one(found, "ConfigMap", "litellm")["data"]["litellm.yaml"]
    return {entry["model_name"]: entry for entry in yaml.safe_load(text)["model_list"]}


def test_an_address_is_a_headless_service_with_a_slice_of_its_own() -> None:
    found = rendered(HOST, INFERENCE)
    assert one(found, "EndpointSlice", "llama-server-jetson") == yaml.safe_load(ADDRESS)
    assert one(found, "Service", "llama-server-jetson")["spec"] == {
        "type": "ClusterIP",
        "clusterIP": "None",
        "ports": [{"name": "http", "port": 8080}],
    }


def test_a_name_is_an_alias_without_a_slice() -> None:
    found = rendered(HOST, INFERENCE)
    spec = one(found, "Service", "ollama-pi-control")["spec"]
    assert (spec["type"], spec["externalName"]) == ("ExternalName", "pi-control.lan")
    assert [m["metadata"]["name"] for m in found if m["kind"] == "EndpointSlice"] == ["llama-server-jetson"]


def test_an_address_of_version_6_is_told_as_such() -> None:
    what = with_models(machine(HOST))
    jetson = what.lab.hosts["jetson"].model_copy(update={"address": "fd7a:115c:a1e0::5"})
    lab = what.lab.model_copy(update={"hosts": {**what.lab.hosts, "jetson": jetson}})
    found = objects(Chosen(lab, what.plan), INFERENCE)
    assert one(found, "EndpointSlice", "llama-server-jetson")["addressType"] == "IPv6"


def test_litellm_has_a_route_for_each_model_from_the_first_phase_on() -> None:
    found = routes(core(with_models(machine(HOST))))
    assert list(found) == ["embed", "glm-4.7-flash", "qwen3-1.7b", "nomic-embed-text"]
    llama = found["glm-4.7-flash"]["litellm_params"]
    assert (llama["model"], llama["api_base"]) == ("openai/glm-4.7-flash", "http://llama-server-jetson:8080/v1")
    chat, encoder = found["qwen3-1.7b"], found["nomic-embed-text"]
    assert chat["litellm_params"]["model"].startswith("ollama_chat/hf.co/unsloth/Qwen3-1.7B-GGUF:")
    assert encoder["litellm_params"]["model"].startswith("ollama/hf.co/nomic-ai/nomic-embed-text-v1.5-GGUF:")
    assert chat["litellm_params"]["api_base"] == "http://ollama-pi-control:11434"
    assert (chat["model_info"]["mode"], encoder["model_info"]["mode"]) == ("chat", "embedding")


def test_litellm_may_go_to_these_ports_and_to_no_other_place() -> None:
    before = one(core(machine(HOST)), "NetworkPolicy", "litellm")["spec"]["egress"]
    after = one(core(with_models(machine(HOST))), "NetworkPolicy", "litellm")["spec"]["egress"]
    assert [rule for rule in after if rule not in before] == [
        {"to": [{"ipBlock": {"cidr": "192.168.1.50/32"}}], "ports": [{"protocol": "TCP", "port": 8080}]},
        {"ports": [{"protocol": "TCP", "port": 11434}]},  # a name has no address that a policy could say
    ]


def test_the_same_model_on_two_machines_is_one_name_with_two_routes() -> None:
    what = with_models(machine(HOST))
    (pi,) = (host for host in what.plan.hosts if host.name == "pi-control")
    pair = inference.servers(what.lab, (pi, pi))
    found = [route for server in pair for route in server.routes(server.name)]
    assert [route.name for route in found] == ["qwen3-1.7b", "nomic-embed-text"] * 2


def test_a_machine_by_its_address_of_version_6_is_asked_by_a_url_with_brackets() -> None:
    what = with_models(machine(HOST))
    server, _ = inference.servers(what.lab, what.plan.hosts)
    assert server.routes("fd7a::5") == (
        Route("glm-4.7-flash", "openai/glm-4.7-flash", "http://[fd7a::5]:8080/v1"),
    )


def test_the_api_asks_the_house_by_a_name_of_the_cluster() -> None:
    what = machine(HOST)
    house = Host(address="192.168.1.60", system="haos")
    lab = what.lab.model_copy(update={"hosts": {**what.lab.hosts, "ha-yellow": house}})
    found = objects(Chosen(lab, what.plan), "phase2-pipeline")
    assert one(found, "EndpointSlice", "timescaledb-ha-yellow")["endpoints"] == [{"addresses": ["192.168.1.60"]}]
    (container,) = one(found, "Deployment", "api")["spec"]["template"]["spec"]["containers"]
    told = {variable["name"]: variable.get("value") for variable in container["env"]}
    assert told["LAB_TELEMETRY_HOST"] == "timescaledb-ha-yellow"


def test_a_lab_without_such_a_machine_has_no_such_phase(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOMELAB_FILE", str(LAB.path))
    assert run(["render", INFERENCE, "--host", HOST]) == 1
    assert re.sub(r"\s+", " ", capsys.readouterr().err).strip() == (
        "lab.example.yaml hosts · no host outside the cluster serves models · phase3-inference is for those that "
        "do · add llama-server or ollama to place of a host that is no node, or leave this stack out"
    )
    assert PHASES[INFERENCE].needs == ("phase1-core",)
