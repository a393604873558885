"""The lab of six machines on simulated nodes: the real scheduler has room for all of it, or says why not."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from six_nodes import ENDED, WITHIN, Six, deployed, machines

from homelab.policy.quantity import parse
from servers import until

PLACED = {
    "postgres-stand-in": ["office", "pi", "tower"],
    "nats": ["closet", "office", "tower"],
    "garage": ["closet", "office", "tower"],
    "oxigraph": ["tower"],
    "litellm": ["office", "tower"],
    "embedder": ["office", "tower"],
    "bootstrap": ["tower"],
    "docling": ["closet", "closet", "office", "office", "tower", "tower"],
    "cognee": ["tower", "tower"],
    "chunk": ["closet", "office", "pi", "tower"],
    "embed": ["closet", "office", "pi", "tower"],
    "api": ["tower"],
    "checks-phase1-core": ["tower"],
    "checks-phase2-pipeline": ["tower"],
    "checks-phase3-inference": ["tower"],
}
"""By lab.yaml; with as many workers as the ledgers of their hosts hold."""

MEMORY = {
    "tower": (9772, 12142, 24632),
    "office": (6759, 8344, 12521),
    "closet": (3278, 3992, 6139),
    "pi": (2917, 3648, 6351),
}
"""Node → MiB that its pods request, MiB up to which they may go, and MiB that there are for pods."""

CPU = {"tower": (4480, 10800), "office": (3180, 5400), "closet": (1480, 3600), "pi": (1400, 3600)}
"""Node → millicores that its pods request, and those that there are for pods."""


WORKERS = ("docling", "chunk", "embed")
"""Of those, what the closet runs. Its stores wait for their volumes, whatever else there is."""

MIB, MILLICORE = Decimal(2**20), Decimal("0.001")


def count(unit: Decimal, quantity: str) -> int:
    read = parse(quantity)
    assert read is not None
    assert read % unit == 0, quantity
    return int(read / unit)


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Six]:
    """With all the workers that there may be, after the checks have run."""
    with deployed(tmp_path_factory.mktemp("six")) as lab:
        lab.grow()
        lab.look()
        lab.settle()
        yield lab


def test_every_pod_is_on_a_host_that_lab_yaml_gives_it(full: Six) -> None:
    assert full.placed() == PLACED
    assert full.waiting() == {}


def test_no_node_is_asked_for_more_than_its_plan_leaves_for_pods(full: Six) -> None:
    """Nor if every pod went up to its limit: that the ledger promises, a scheduler looks at requests alone."""
    asked, limits, cpu = Counter[str](), Counter[str](), Counter[str]()
    for pod in full.pods():
        if pod["status"]["phase"] != ENDED:
            for container in pod["spec"]["containers"]:
                node, resources = pod["spec"]["nodeName"], container["resources"]
                asked[node] += count(MIB, resources["requests"]["memory"])
                limits[node] += count(MIB, resources["limits"]["memory"])
                cpu[node] += count(MILLICORE, resources["requests"]["cpu"])
    room = {node: full.node(node)["status"]["allocatable"] for node in MEMORY}
    assert {node: (asked[node], limits[node], count(MIB, room[node]["memory"])) for node in room} == MEMORY
    assert {node: (cpu[node], count(MILLICORE, room[node]["cpu"])) for node in room} == CPU
    assert all(request < limit < there for request, limit, there in MEMORY.values())
    assert all(request < there for request, there in CPU.values())


def test_every_store_has_its_volume_on_the_node_that_it_runs_on(full: Six) -> None:
    claims = {claim["metadata"]["name"]: claim for claim in full.listed("persistentvolumeclaims")}
    assert len(claims) == 3 + 3 + 3 + 1
    for pod in full.pods():
        for volume in pod["spec"].get("volumes", []):
            if "persistentVolumeClaim" in volume:
                claim = claims.pop(volume["persistentVolumeClaim"]["claimName"])
                assert claim["status"]["phase"] == "Bound"
                assert claim["spec"]["volumeName"].startswith(f"{pod['spec']['nodeName']}-")
    assert claims == {}


def test_a_mebibyte_less_than_its_pods_request_leaves_one_of_them_waiting_for_memory(tmp_path: Path) -> None:
    short = replace(machines()["closet"], memory_mib=MEMORY["closet"][0] - 1)
    with deployed(tmp_path, closet=short) as lab:
        lab.grow()
        lab.wait_for({"docling": 1})
        assert lab.reasons() == {
            "docling": {
                "0/4 nodes are available: 1 Insufficient memory, "
                "1 node(s) didn't satisfy plugin(s) [NodeAffinity], "
                "2 node(s) didn't match pod topology spread constraints"
            }
        }
        assert lab.placed()["docling"] == ["closet", "office", "office", "tower", "tower"]


def test_what_a_lost_node_ran_waits_and_is_no_burden_to_another(tmp_path: Path) -> None:
    """Neither while the cluster still counts with the node, nor when it is told that the node is no more."""
    others = {
        app: [node for node in nodes if node != "closet"] for app, nodes in PLACED.items() if "check" not in app
    }
    with deployed(tmp_path) as lab:
        lab.grow()
        lab.settle()
        lab.lose("closet")
        lab.wait_for({"nats": 1, "garage": 1, "docling": 2, "chunk": 1, "embed": 1})
        assert lab.placed() == others
        spread = "3 node(s) didn't match pod topology spread constraints"
        assert lab.reasons()["chunk"] == {f"0/4 nodes are available: 1 node(s) had untolerated taint(s), {spread}"}
        lab.cluster.client.delete("/api/v1/nodes/closet").raise_for_status()
        until(lambda: not lab.waiting_among(4, WORKERS), "the scheduler looks at each of them again", WITHIN)
        assert lab.placed() == others
        assert lab.reasons()["chunk"] == {f"0/3 nodes are available: {spread}"}
