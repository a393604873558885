"""Which hosts can keep a store's data together: by number, by disk, by the way between them."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from homelab import planner
from homelab.facts import Facts
from homelab.facts.model import Peer
from homelab.gates import replicas
from homelab.lab import load
from homelab.planner import HostPlan

LAB = Path(__file__).parents[1] / "fixtures/labs/six-node/lab.yaml"
PLAN = planner.plan_lab(load(LAB))
THREE = ("tower", "office", "closet")


def hosts(*names: str) -> list[HostPlan]:
    return [PLAN.host(name) for name in names]


def refused(
    consumer: str, chosen: Sequence[HostPlan], operators: tuple[str, ...] = (), **changed: Facts
) -> list[str]:
    pairs = [(changed.get(host.name, host.facts), host.budget) for host in chosen]
    return [str(problem) for problem in replicas.refused(consumer, pairs, "lab.yaml", operators)]


def with_peers(host: str, **changes: object) -> Facts:
    """The host's facts with every link as `changes` say."""
    facts = PLAN.host(host).facts
    peers = tuple(Peer.model_validate({**peer.model_dump(), **changes}) for peer in facts.network.peers)
    return facts.model_copy(update={"network": facts.network.model_copy(update={"peers": peers})})


def with_fsync(host: str, us: int | None) -> Facts:
    facts = PLAN.host(host).facts
    mounts = tuple(
        mount.model_copy(
            update={"benchmark": None if us is None else mount.benchmark.model_copy(update={"fsync_p99_us": us})}
        )
        if mount.benchmark is not None
        else mount
        for mount in facts.storage.mounts
    )
    return facts.model_copy(update={"storage": facts.storage.model_copy(update={"mounts": mounts})})


@pytest.mark.parametrize("consumer", ["nats", "garage", "postgres", "oxigraph"])
def test_one_host_is_always_enough(consumer: str) -> None:
    assert refused(consumer, hosts("tower")) == []


@pytest.mark.parametrize("consumer", ["nats", "garage"])
def test_three_measured_hosts_keep_it_together(consumer: str) -> None:
    assert refused(consumer, hosts(*THREE)) == []


def test_two_are_refused_with_the_rule() -> None:
    assert refused("nats", hosts("tower", "office")) == [
        "lab.yaml hosts · nats is placed on tower and office · one host, three or five: half of them decides "
        "nothing · keep it on tower alone, or place it on 3"
    ]
    assert refused("garage", hosts("tower", "office")) == [
        "lab.yaml hosts · garage is placed on tower and office · one host, or three and more: an object has one "
        "copy or three · keep it on tower alone, or place it on 3"
    ]


def test_an_even_number_of_nats_is_refused_and_of_garage_is_not() -> None:
    assert refused("nats", hosts(*THREE, "pi")) == [
        "lab.yaml hosts · nats is placed on tower, office, closet and pi · one host, three or five: half of them "
        "decides nothing · keep it on 3 of them"
    ]
    assert refused("garage", hosts(*THREE, "pi")) == []


def test_postgres_on_three_hosts_wants_its_operator() -> None:
    three = hosts("tower", "office", "pi")
    assert refused("postgres", three) == [
        "lab.yaml hosts · postgres is placed on tower, office and pi · one host, or three and more under the "
        "operator cloudnative-pg: alone they would each take writes · keep it on tower alone, or install "
        "cloudnative-pg and add it to cluster.operators"
    ]
    assert refused("postgres", three, ("cloudnative-pg",)) == []
    (line,) = refused("postgres", hosts("tower", "office"), ("cloudnative-pg",))
    assert line.endswith("· keep it on tower alone, or place it on 3")


def test_a_graph_has_no_replicas() -> None:
    (line,) = refused("oxigraph", hosts(*THREE))
    assert line.endswith("· one host: it has no replicas · keep it on tower alone")


def test_a_disk_that_commits_too_slowly_has_no_replica_of_the_streams() -> None:
    slow = with_fsync("closet", 240_000)
    (line,) = refused("nats", hosts(*THREE), closet=slow)
    assert line.startswith("host closet, gate disk.jetstream · ")
    assert "240.0 ms on ssd · no replica of nats there: JetStream wants an fsync p99 below 100 ms" in line
    assert refused("garage", hosts(*THREE), closet=slow) == []


def test_the_disk_of_a_host_with_postgres_alone_is_judged_too() -> None:
    slow = with_fsync("pi", 240_000)
    (line,) = refused("postgres", hosts("tower", "office", "pi"), ("cloudnative-pg",), pi=slow)
    assert "no replica of postgres there: postgres wants an fsync p99 below 100 ms" in line


def test_an_unmeasured_card_is_taken_to_be_too_slow_and_the_command_to_measure_it_is_told() -> None:
    facts = with_fsync("closet", None)
    mounts = tuple(mount.model_copy(update={"storage_class": "sd"}) for mount in facts.storage.mounts)
    card = facts.model_copy(update={"storage": facts.storage.model_copy(update={"mounts": mounts})})
    (line,) = refused("nats", hosts(*THREE), closet=card)
    assert line.endswith("or measure: ./lab ansible-hardware-audit --limit closet --storage-benchmark")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"path": "relayed"}, "relayed · no replica of garage over it: a relayed link is shared and slow"),
        ({"bandwidth_mbit_s": 40.0}, "40 Mbit/s · no replica of garage over it: a replica needs 80 Mbit/s"),
        (
            {"latency_min_ms": 90.0, "latency_avg_ms": 130.0, "latency_max_ms": 210.0},
            "130 ms · no replica of garage over it: a replica's round trip is at most 100 ms",
        ),
        (
            {"loss_percent": 100.0, "latency_min_ms": None, "latency_avg_ms": None, "latency_max_ms": None},
            "100 % · no replica of garage over it: a replica needs a peer that answers",
        ),
    ],
)
def test_a_link_that_carries_no_replica_is_refused_once_for_each_peer(
    changes: dict[str, object], reason: str
) -> None:
    lines = refused("garage", hosts(*THREE), closet=with_peers("closet", **changes))
    assert [line.split(" · ")[0] for line in lines] == ["host closet, gate link.replica"] * 2
    assert all(reason in line for line in lines), lines


def test_a_link_that_only_one_end_measured_is_known() -> None:
    assert refused("garage", hosts(*THREE), closet=with_peers("closet", bandwidth_mbit_s=None)) == []


def test_a_link_that_no_end_measured_carries_nothing_and_the_command_is_told() -> None:
    unmeasured = {name: with_peers(name, bandwidth_mbit_s=None) for name in THREE}
    lines = refused("garage", hosts(*THREE), **unmeasured)
    assert len(lines) == 3
    assert lines[0].endswith("· ./lab ansible-hardware-audit --limit tower --network-benchmark")


def test_a_link_that_no_end_knows_carries_nothing_and_the_command_is_told() -> None:
    def alone(name: str) -> Facts:
        facts = PLAN.host(name).facts
        return facts.model_copy(update={"network": facts.network.model_copy(update={"peers": ()})})

    lines = refused("garage", hosts(*THREE), **{name: alone(name) for name in THREE})
    assert lines[0] == (
        "host tower, gate link.replica · the way to office is unmeasured · no replica of garage over it until it "
        "is · ./lab ansible-hardware-audit --limit tower --network-benchmark"
    )
