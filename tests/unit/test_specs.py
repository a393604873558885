"""Settings by hand for two hosts, and what must hold for any."""

from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homelab import lab, planner
from homelab.errors import BudgetExceeded
from homelab.planner import HostPlan
from unit.hosts import facts
from unit.recorded import EVERYTHING
from unit.recorded import plan as recorded

EXAMPLE = lab.load(Path(__file__).parents[2] / "lab.example.yaml")


def plan(ram_mib: int, **machine: object) -> HostPlan:
    return planner.plan_host(EXAMPLE, "desktop", facts(ram_mib, **machine))  # type: ignore[arg-type]


def test_the_default_desktop_gets_these_settings() -> None:
    settings = {name: spec.settings() for name, spec in plan(31949).specs.items()}
    assert settings["postgres"] == {
        "max_connections": "100",
        "shared_buffers": "3190MB",
        "effective_cache_size": "6380MB",
        "work_mem": "21777kB",
        "maintenance_work_mem": "797MB",
        "autovacuum_work_mem": "398MB",
        "autovacuum_max_workers": "2",
        "max_worker_processes": "8",
        "max_parallel_workers": "4",
        "max_parallel_workers_per_gather": "2",
        "max_parallel_maintenance_workers": "2",
        "wal_buffers": "16MB",
        "min_wal_size": "512MB",
        "max_wal_size": "4096MB",
        "random_page_cost": "1.1",
        "effective_io_concurrency": "200",
        "jit": "off",
        "shm_size": "925MB",
    }
    assert settings["nats"]["max_file_store"] == "170GiB"
    assert settings["embedder"] == {"threads": "2"}
    assert settings["pipeline"]["chunk_tokens"] == "256"


def test_a_slow_disk_makes_random_pages_dear() -> None:
    settings = plan(8000, storage="sd", disk_gib=64).specs["postgres"].settings()
    assert settings["random_page_cost"] == "2.0"
    assert settings["effective_io_concurrency"] == "2"


def test_streams_are_scaled_down_to_a_small_disk() -> None:
    # 64 − 7 free − 11 images − 7 Oxigraph = 39 GiB; 20 % is 7 whole ones; 95 % of 7 over 31 GiB of streams.
    assert plan(8000, disk_gib=64).specs["pipeline"].settings()["stream_scale"] == "0.214"


@given(
    st.integers(min_value=5000, max_value=1024 * 1024),
    st.integers(min_value=1, max_value=128),
    st.integers(min_value=16, max_value=20_000),
)
def test_every_inner_setting_stays_inside_its_limit(ram_mib: int, cores: int, disk_gib: int) -> None:
    try:
        host = plan(ram_mib, cores=cores, disk_gib=disk_gib)
    except BudgetExceeded:
        return
    limit = {line.consumer: line.limit.value for line in host.budget.lines}
    nats = host.specs["nats"]
    assert nats.max_memory_store.value + 1 < nats.gomemlimit.value < limit["nats"]  # type: ignore[attr-defined]
    assert host.specs["garage"].block_ram_buffer_max.value < limit["garage"]  # type: ignore[attr-defined]
    assert sum(share.value for share in host.budget.disk.shares.values()) <= disk_gib


@pytest.mark.parametrize("ram_mib", [8000, 31949, 128000])
def test_every_setting_has_a_chain_from_a_measurement_or_a_profile(ram_mib: int) -> None:
    for spec in plan(ram_mib).specs.values():
        assert len(spec.table()) == len(fields(spec))
        for row in spec.table():
            assert row.figure.chain[0].kind in ("fact", "profile"), row.name


def everything(ram_mib: int, **machine: object) -> dict[str, dict[str, str]]:
    host = EXAMPLE.hosts["desktop"].model_copy(update={"address": "any.lan", "place": EVERYTHING})
    lab = EXAMPLE.model_copy(update={"hosts": {"desktop": host}})
    plan = planner.plan_host(lab, "desktop", facts(ram_mib, **machine))  # type: ignore[arg-type]
    return {name: spec.settings() for name, spec in plan.specs.items()}


def test_the_watching_and_trying_services_of_the_default_desktop_stay_inside_their_limits() -> None:
    settings = everything(31949)
    assert settings["openobserve"] == {  # of 1595 MiB
        "ZO_MEMORY_CACHE_MAX_SIZE": "398",
        "ZO_MEMORY_CACHE_DATAFUSION_MAX_SIZE": "319",
        "ZO_MEM_TABLE_MAX_SIZE": "319",
        "ZO_MEMORY_CIRCUIT_BREAKER_RATIO": "90",
    }
    assert settings["collector"] == {  # of 192 MiB
        "memory_limiter.limit_mib": "153",
        "memory_limiter.spike_limit_mib": "48",
        "GOMEMLIMIT": "153MiB",
    }
    assert settings["promptfoo"] == {"NODE_OPTIONS": "--max-old-space-size=384"}  # of 512 MiB


def test_more_replicas_start_at_seven_tenths_of_the_cpu_or_eight_tenths_of_the_memory() -> None:
    settings = everything(31949)
    targets = {"cpu.averageUtilization": "70", "memory.averageUtilization": "80"}
    targets["behavior.scaleDown.stabilizationWindowSeconds"] = "300"
    assert settings["extract"] == {"minReplicas": "1", "maxReplicas": "2", **targets}
    assert settings["graph"] == {"minReplicas": "1", "maxReplicas": "1", **targets}


def test_a_small_host_works_its_cores_longer_and_its_memory_less() -> None:
    assert everything(15900, cores=4)["extract"] == {
        "minReplicas": "1",
        "maxReplicas": "1",
        "cpu.averageUtilization": "80",
        "memory.averageUtilization": "70",
        "behavior.scaleDown.stabilizationWindowSeconds": "300",
    }


def test_timescaledb_is_told_its_share_of_a_home_assistant_yellow() -> None:
    assert recorded("yellow-cm4-4g", ("timescaledb",)).specs["timescaledb"].settings() == {
        "timescaledb.maxmemory": "1850MB",  # half of 3700
        "timescaledb.maxcpus": "2",
        "max_connections": "57",
    }


def test_the_pipelines_settings_are_where_something_reads_them() -> None:
    assert "pipeline" not in recorded("yellow-cm4-4g", ("timescaledb",)).specs
    assert recorded("pi5-4g", ("extract",)).specs["pipeline"].settings()["stream_scale"] == "1.000"
