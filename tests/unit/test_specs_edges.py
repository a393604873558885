"""Settings where a rule of a product turns, by hand."""

import pytest

from homelab import lab as labs
from homelab import planner
from homelab.planner import HostPlan
from homelab.specs.share import Share, together
from unit.hosts import facts
from unit.recorded import LAB


def plan(ram_mib: int, lab: labs.Lab = LAB, **machine: object) -> HostPlan:
    return planner.plan_host(lab, "desktop", facts(ram_mib, **machine))  # type: ignore[arg-type]


def test_many_cores_beside_little_memory_get_a_worker_for_each_128_mib() -> None:
    # 30 % of 8000 MiB are 2400 for Postgres, 18 times 128; half of 64 cores would be 32.
    postgres = plan(8000, cores=64).specs["postgres"]
    settings = postgres.settings()
    assert settings["max_parallel_workers"] == "18"
    assert settings["max_parallel_workers_per_gather"] == "9"
    [row] = [row for row in postgres.table() if row.name == "max_parallel_workers"]
    assert row.figure.chain[-1].because == "one for each 128 MiB of its limit"


def test_a_small_postgres_still_takes_twenty_connections() -> None:
    # 30 % of 2000 MiB are 600, 18 times 32.
    host = LAB.hosts["desktop"].model_copy(update={"place": ("postgres", "api")})
    settings = plan(2000, LAB.model_copy(update={"hosts": {"desktop": host}})).specs["postgres"].settings()
    assert settings["max_connections"] == "20"


def test_shared_memory_has_room_for_an_index_build_and_a_join_by_every_process() -> None:
    # 1/16 of 12760 MiB; work_mem of 21777 kB, twice, for two workers and the leader: 127.6 MiB.
    [row] = [row for row in plan(31949).specs["postgres"].table() if row.name == "shm_size"]
    assert row.figure.value == 797 + 128
    assert row.figure.chain[-1].because == (
        "maintenance_work_mem for one index build, 128 MiB for a hash join of 3 processes"
    )


def test_streams_are_scaled_to_whole_thousandths_of_a_small_file_store() -> None:
    # 95 % of 7 GiB are 6.65, of 31 GiB that all streams may hold: 214.5 thousandths.
    pipeline = plan(31949, disk_gib=60).specs["pipeline"]
    assert pipeline.settings()["stream_scale"] == "0.214"
    [row] = [row for row in pipeline.table() if row.name == "stream_scale"]
    assert row.figure.chain[-1].because == (
        "the streams' ceilings are 31 GiB; together they take 95 % of the file store"
    )


@pytest.mark.parametrize("model", ["nomic-embed-text", "Qwen3-Embedding-0.6B"])
def test_a_model_for_longer_texts_gets_longer_chunks(model: str) -> None:
    embedding = LAB.models.embedding.model_copy(update={"model": model})
    lab = LAB.model_copy(update={"models": LAB.models.model_copy(update={"embedding": embedding})})
    settings = plan(31949, lab).specs["pipeline"].settings()
    assert (settings["chunk_tokens"], settings["chunk_overlap"]) == ("512", "128")


def test_hosts_that_share_a_consumer_each_hold_what_the_smallest_holds() -> None:
    large = Share(800, 1000, 500, 2000, replicas_min=1, replicas_max=3, disk_gib=90)
    small = Share(900, 1100, 400, 1000, replicas_min=1, replicas_max=2, disk_gib=100)
    assert together([large, small]) == Share(800, 1000, 400, 1000, replicas_min=2, replicas_max=4, disk_gib=90)
