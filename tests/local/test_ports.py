"""A taken port is named with its owner; an answer from a stranger is not taken for ours."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from stand import Stand

from homelab.errors import LocalError
from homelab.local import ports
from homelab.local.ready import Stranger, is_ready
from homelab.local.service import Http, Port, Program
from servers import free_port


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that this test process listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_taken_port_is_named_with_its_owner_and_the_fix(stand: Stand, taken: int) -> None:
    stand.ports = stand.ports.model_copy(update={"oxigraph": taken})
    with pytest.raises(LocalError) as refusal:
        stand.up()
    said = str(refusal.value)
    assert said.startswith(f"port {taken} for oxigraph · taken by pid {os.getpid()} (")
    assert said.endswith(" · stop it or set local.ports.oxigraph")
    assert stand.down() == []


def test_every_taken_port_is_told_at_once(stand: Stand, taken: int) -> None:
    stand.ports = stand.ports.model_copy(update={"nats": taken, "nats_monitor": taken, "postgres": taken})
    with pytest.raises(LocalError) as refusal:
        stand.up()
    assert len(refusal.value.problems) == 3


def test_another_users_process_is_said_to_be_that(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # What psutil gives for a socket whose process the kernel does not show us.
    seen = psutil.net_connections(kind="tcp")
    monkeypatch.setattr(psutil, "net_connections", lambda kind: [one._replace(pid=None) for one in seen])
    with pytest.raises(LocalError, match="taken by another user's process"):
        ports.check_free([("nats", Port("nats", taken))])


def test_a_port_held_by_a_closed_connection_counts_as_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port))
        accepted, _ = server.accept()
        accepted.close()  # our side first: it stays in TIME_WAIT
        client.close()
    assert ports.is_free(port)


def test_a_stranger_on_the_port_is_not_taken_for_our_program(taken: int) -> None:
    program = Program("nats", ("sleep", "60"), Http(taken, "/"), ports=(Port("nats", taken),))
    with psutil.Popen(["sleep", "60"]) as ours:
        try:
            with pytest.raises(Stranger) as found:
                is_ready(program, ours.pid)
        finally:
            ours.kill()
    assert (found.value.port, found.value.owner.pid) == (taken, os.getpid())


def test_a_program_that_does_not_listen_yet_is_not_ready() -> None:
    port = free_port()
    assert not is_ready(Program("nats", (), Http(port, "/"), ports=(Port("nats", port),)), os.getpid())


def test_a_child_of_ours_may_be_the_one_that_listens(taken: int) -> None:
    assert ports.hold(ports.tree(os.getppid()), ports.sockets(taken))
    assert not ports.hold([os.getppid()], ports.sockets(taken))


def test_a_workers_own_port_stays_the_same_until_a_stranger_has_it(tmp_path: Path, taken: int) -> None:
    note = tmp_path / "port"
    first = ports.remembered(note, in_use=False)
    assert ports.remembered(note, in_use=False) == first
    note.write_text(str(taken))
    assert ports.remembered(note, in_use=True) == taken
    assert ports.remembered(note, in_use=False) != taken


def test_two_workers_never_note_the_same_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel may give one that is noted and not listened on yet."""
    monkeypatch.setattr(ports, "free", iter([20001, 20001, 20002]).__next__)
    assert ports.remembered(tmp_path / "port-extract-0", in_use=False) == 20001
    assert ports.remembered(tmp_path / "port-extract-1", in_use=False) == 20002
