"""Real servers: started in order, ready when they answer, stopped without a trace, data kept."""

import urllib.request
from dataclasses import replace
from pathlib import Path

import psutil
import psycopg
import pytest
from stand import Stand, assert_gone, make

from homelab.errors import LocalError
from homelab.local import record, runtime, supervisord


def login(stand: Stand) -> "psycopg.Connection[tuple[object, ...]]":
    password = (stand.folders.secrets / "postgres").read_text()
    return psycopg.connect(
        host="127.0.0.1", port=stand.ports.postgres, user="lab", dbname="lab", password=password, autocommit=True
    )


def test_every_service_answers_when_up_returns(stand: Stand) -> None:
    told = stand.up()
    assert sorted(told) == ["nats ready", "oxigraph ready", "postgres ready", "postgres-init done"]
    assert told.index("postgres-init done") < told.index("postgres ready")
    with login(stand) as connection:
        assert connection.execute("SELECT '[1,2]'::vector(2)::text").fetchone() == ("[1,2]",)
    for port, path in ((stand.ports.nats_monitor, "/healthz"), (stand.ports.oxigraph, "/query?query=ASK%7B%7D")):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as response:
            assert response.status == 200


def test_a_second_up_starts_nothing_again(running: Stand) -> None:
    before = {program: running.pid(program) for program in ("nats", "postgres", "oxigraph")}
    running.up()
    assert {program: running.pid(program) for program in before} == before


def test_a_changed_configuration_restarts_exactly_what_it_belongs_to(running: Stand) -> None:
    before = {program: running.pid(program) for program in ("nats", "postgres", "oxigraph")}
    running.up(running.nats(), *running.postgres("work_mem = 5MB\n"), running.oxigraph())
    after = {program: running.pid(program) for program in before}
    assert (after["nats"], after["oxigraph"]) == (before["nats"], before["oxigraph"])
    assert after["postgres"] != before["postgres"]
    with login(running) as connection:
        assert connection.execute("SHOW work_mem").fetchone() == ("5MB",)


def test_a_service_that_is_no_longer_wanted_is_stopped(running: Stand) -> None:
    oxigraph = psutil.Process(running.pid("oxigraph"))
    running.up(running.nats(), *running.postgres())
    assert_gone([oxigraph])


def test_data_is_kept_from_one_run_to_the_next(running: Stand) -> None:
    with login(running) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept VALUES (7)")
    running.down()
    running.up()
    with login(running) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (7,)


def test_down_leaves_no_process_and_stops_what_needs_others_first(stand: Stand) -> None:
    last = stand.stand_in(needs=("nats", "oxigraph"))
    stand.up(*stand.all(), last)
    processes = stand.processes()
    assert stand.down()[0] == "stand-in stopped"
    assert_gone(processes)
    assert record.read(stand.folders) is None


def test_down_says_when_nothing_ran(stand: Stand) -> None:
    assert runtime.down(stand.folders, stand.told.append) is False
    stand.up(stand.nats())
    assert runtime.down(stand.folders, stand.told.append) is True
    assert runtime.down(stand.folders, stand.told.append) is False


@pytest.mark.parametrize(
    "name",
    ["with two  spaces", "größe ;#%(x)s", "quote'and\"both", "long " + "x" * 150],
    ids=["space", "odd", "quote", "long"],
)
def test_the_data_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    stand = make(tmp_path / name)
    try:
        assert len(stand.up()) == 4
    finally:
        stand.down()


def test_a_second_up_at_the_same_time_says_who_is_at_work(stand: Stand) -> None:
    lock = supervisord.try_lock(stand.folders.run / "lock")
    assert lock is not None
    with lock:
        lock.write("pid 4711")
        lock.flush()
        with pytest.raises(LocalError) as refusal:
            stand.up()
    rest = "pid 4711 is starting or stopping it · one at a time · wait for it"
    assert str(refusal.value) == f"local platform in {stand.folders.data} · {rest}"


def test_a_server_that_ends_while_starting_is_shown_with_its_last_words(stand: Stand) -> None:
    with pytest.raises(LocalError) as refusal:
        stand.up(stand.nats(), stand.stand_in("fail"))
    assert str(refusal.value) == (
        "stand-in · it ended while starting · its log says: first line / the disk is made of cheese · "
        f"see {stand.folders.log / 'stand-in.log'}"
    )
    assert not supervisord.is_running(stand.folders)


def test_a_server_that_never_answers_is_given_up_after_its_time(stand: Stand) -> None:
    mute = stand.stand_in(ready_within=0.5)
    program = replace(mute.programs[0], argv=("sleep", "60"))
    with pytest.raises(LocalError) as refusal:
        stand.up(replace(mute, programs=(program,)))
    assert str(refusal.value).startswith("stand-in · not ready after 0 s · its log says nothing · see ")


def test_the_words_of_an_earlier_run_are_not_taken_for_this_ones(stand: Stand) -> None:
    stand.folders.log_of("stand-in").write_text("an error of yesterday\n")
    with pytest.raises(LocalError) as refusal:
        stand.up(stand.stand_in("fail"))
    assert "yesterday" not in str(refusal.value)


def test_a_failed_change_leaves_a_platform_that_ran_before_running(running: Stand) -> None:
    with pytest.raises(LocalError):
        running.up(*running.all(), running.stand_in("fail"))
    running.up()
    assert running.restarts("nats") == 0


def test_a_missing_program_is_named(stand: Stand) -> None:
    broken = stand.stand_in()
    program = replace(broken.programs[0], argv=("/nowhere/at-all",))
    with pytest.raises(LocalError, match="No such file or directory: '/nowhere/at-all'"):
        stand.up(replace(broken, programs=(program,)))
