"""What services use, beside what they may."""

import mmap
import os
from pathlib import Path

import pytest
from stand import Stand

from homelab.local import memory, runtime
from homelab.local.folders import Folders
from homelab.units import MIB
from servers import until


def test_each_service_is_shown_with_its_state_and_its_plan(running: Stand) -> None:
    used = {one.service: one for one in memory.usage(running.folders)}
    assert sorted(used) == ["nats", "oxigraph", "postgres"]
    for name, one in used.items():
        assert (one.state, one.pid, one.limit_mib, one.restarts) == ("ready", running.pid(name), 512, 0)
        assert one.peak_mib is not None
        assert 5 < one.rss_mib <= one.peak_mib < 512


def test_nothing_is_shown_where_nothing_runs(tmp_path: Path) -> None:
    assert memory.usage(Folders(tmp_path)) == []


def test_a_server_that_hangs_is_not_ready(stand: Stand) -> None:
    stand.up(stand.stand_in())
    process = stand.processes()[1]
    process.suspend()
    assert [one.state for one in memory.usage(stand.folders)] == ["not ready"]
    process.resume()


def test_shared_pages_are_counted_once_among_their_sharers() -> None:
    before = memory.pss_bytes(os.getpid())
    shared = mmap.mmap(-1, 64 * MIB)
    for page in range(0, len(shared), mmap.PAGESIZE):
        shared[page] = 1
    alone = memory.pss_bytes(os.getpid()) - before
    assert abs(alone - 64 * MIB) < 4 * MIB
    shared.close()


def test_a_process_that_has_ended_uses_nothing() -> None:
    assert memory.pss_bytes(2**22 + 1) == 0  # above the highest pid of Linux


def test_without_a_cgroup_the_highest_sample_is_the_peak(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime.cgroup, "find", lambda: None)
    monkeypatch.setattr(memory, "SAMPLE_EVERY", 0.02)
    stand.up(stand.stand_in("grow", "100"))
    grown = stand.pid("stand-in")
    with memory.sampler(stand.folders):
        until(lambda: memory.pss_bytes(grown) > 100 * MIB, "grown")
        until(lambda: stand.state("stand-in") == "RUNNING", "up for a second, sampled meanwhile")
        spec = next(stand.folders.programs.glob("stand-in.*.json"))
        spec.write_text(spec.read_text().replace('"grow",', '"serve",'))
        os.kill(grown, 9)
        until(lambda: stand.pid("stand-in") not in (0, grown), "restarted, small")
    [used] = memory.usage(stand.folders)
    assert used.source == "sampled"
    assert used.peak_mib is not None
    assert used.peak_mib > 100 > used.rss_mib


def test_json_has_the_names_that_status_promises(running: Stand) -> None:
    entries = memory.as_json(memory.usage(running.folders))
    assert {"name", "state", "pid", "rss_mib", "limit_mib", "restarts"} <= entries[0].keys()
