"""Three nodes keep the streams and the objects together, and one of them may die with all that it runs.

`./lab test-three-nodes`: the long form, which starts a sandbox of its own.
"""

import sys
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import httpx
import pytest
from platforms import Platform, ingesting, report_of
from sandboxes import sandbox_in

import corpus
from homelab.lab import Ports
from homelab.sandbox import lifecycle
from pipeline.contract import STREAMS
from servers import until

pytestmark = pytest.mark.timeout(3600)

PHASES = ("phase1-core", "phase2-pipeline")
NODES = ("sandbox-1", "sandbox-2", "sandbox-3")
VICTIM = "sandbox-3"
"""It holds neither Postgres nor Oxigraph, of which there is one each."""

DOCUMENTS = 60
WITHIN = 60.0
"""Seconds after which work must go on."""


@pytest.fixture(scope="module")
def trio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Phases 1 and 2 on three nodes, deployed and validated."""
    with sandbox_in(tmp_path_factory.mktemp("three") / ".sandbox", nodes=3) as running:
        made = Platform(running, tmp_path_factory.mktemp("keys") / "keys.txt")
        made.run("images", "--import")
        made.run("secrets", "init")
        made.validate("phase0")
        for stack in PHASES:
            assert set(made.up(stack)["changes"]) == {"create"}
            made.validate(stack)
        yield made


def where(platform: Platform, app: str) -> dict[str, str]:
    """Pod → its node."""
    return {pod["metadata"]["name"]: pod["spec"]["nodeName"] for pod in platform.pods(app)}


def monitored(platform: Platform, pod: str, path: str) -> Any:
    """What a NATS pod's monitoring door says; its address answers this machine too."""
    address = platform.objects("pods")[pod]["status"]["podIP"]
    url = f"http://{address}:{Ports().nats_monitor}{path}"
    return httpx.get(url, timeout=10, trust_env=False).raise_for_status().json()


def garage(platform: Platform, path: str) -> Any:
    """What Garage's admin door says."""
    token = platform.run("secrets", "decrypt", "garage.admin_token").strip()
    address = platform.objects("services")["garage"]["spec"]["clusterIP"]
    url = f"http://{address}:{Ports().garage_admin}{path}"
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.get(url, headers=headers, timeout=30, trust_env=False).raise_for_status().json()


def streams_are_whole(platform: Platform) -> bool:
    """Each has its three copies, and none of them lags behind. Only its leader knows."""
    copies = {}
    try:
        for pod in where(platform, "nats"):
            said = monitored(platform, pod, "/jsz?streams=true&accounts=true")
            found = [one for account in said["account_details"] for one in account.get("stream_detail", ())]
            copies |= {
                one["name"]: one["cluster"]["replicas"] for one in found if one["cluster"].get("leader") == pod
            }
    except (httpx.HTTPError, KeyError):
        return False
    return len(copies) == len(STREAMS) and all(
        len(others) == 2 and all(other.get("current") and not other.get("offline") for other in others)
        for others in copies.values()
    )


def objects_are_whole(platform: Platform) -> bool:
    """All three are there, and every part of the data has its three copies."""
    try:
        health = garage(platform, "/v2/GetClusterHealth")
    except httpx.HTTPError:
        return False
    return bool(health["status"] == "healthy" and health["partitionsAllOk"] == health["partitions"])


@pytest.mark.parametrize("app", ["nats", "garage"])
def test_each_node_has_one_pod_of_each_store(trio: Platform, app: str) -> None:
    assert sorted(where(trio, app).values()) == list(NODES)


def test_every_stream_and_every_object_has_three_copies(trio: Platform) -> None:
    until(partial(streams_are_whole, trio), "three copies of every stream", 60)
    until(partial(objects_are_whole, trio), "three copies of every object", 60)
    layout = garage(trio, "/v2/GetClusterLayout")
    assert {role["zone"] for role in layout["roles"]} == {"garage-0", "garage-1", "garage-2"}


def test_a_second_up_changes_nothing(trio: Platform) -> None:
    for stack in PHASES:
        assert set(trio.up(stack)["changes"]) == {"same"}
        trio.validate(stack)


def test_a_node_that_dies_costs_no_accepted_document_and_its_return_heals(
    trio: Platform, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("documents")
    paths = corpus.generate(folder)
    for path in paths[DOCUMENTS:]:
        path.unlink()
    before = trio.counts()
    with ingesting(trio, folder) as process:
        until(lambda: trio.counts()["documents"] > before["documents"], "documents go in", 180)
        lifecycle.kill(VICTIM, trio.sandbox.root)
        died, reached = time.monotonic(), trio.counts()["documents"]
        until(lambda: trio.counts()["documents"] > reached, "work goes on", WITHIN)
        sys.stdout.write(f"work went on {time.monotonic() - died:.0f} s after {VICTIM} died\n")
        report = report_of(process)
    assert (report["ingested"], report["failed"]) == (len(paths[:DOCUMENTS]), [])
    again = trio.json("ingest", folder)
    assert (again["ingested"], again["unchanged"]) == (0, len(paths[:DOCUMENTS]))
    assert trio.counts()["dead_letters"] == before["dead_letters"]
    lifecycle.start(VICTIM, print, trio.sandbox.root)
    until(partial(streams_are_whole, trio), "the streams are whole again", 300)
    until(partial(objects_are_whole, trio), "the objects are whole again", 300)
    assert sorted(where(trio, "nats").values()) == list(NODES)
