"""`kill -9` of any one server or worker during an ingest: it comes back, and the result is the undisturbed one."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from whole import Whole, environment, make

from homelab.local import record
from homelab.local.ready import is_ready
from servers import until

PROGRAMS = (
    *("nats", "postgres", "oxigraph", "garage", "embedder", "litellm"),
    *("extract", "chunk", "embed", "graph", "api"),
)

DOCUMENTS = 8
"""For each victim: enough that work is at every stage when it dies."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    whole = make(tmp_path_factory.mktemp("disturbed"))
    whole.run("audit")
    yield whole
    whole.run("local", "down")


@pytest.fixture(scope="module")
def cold(whole: Whole) -> dict[str, float]:
    """Seconds from its start until each service was ready, all of them at once."""
    return {one["service"]: one["seconds"] for one in whole.json("local", "up")["services"]}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, int, int]]:
    """What every document of every victim becomes when nobody disturbs it."""
    calm = make(tmp_path_factory.mktemp("undisturbed"))
    folder = tmp_path_factory.mktemp("documents")
    for victim in PROGRAMS:
        write(folder / victim, victim)
    calm.run("audit")
    calm.run("local", "up")
    report = calm.json("ingest", folder)
    stored = calm.stored()
    calm.run("local", "down")
    assert (report["ingested"], report["failed"]) == (DOCUMENTS * len(PROGRAMS), [])
    return stored


def write(folder: Path, victim: str) -> Path:
    """Documents that no other victim has."""
    folder.mkdir()
    for number in range(DOCUMENTS):
        sections = (
            f"## Part {part}\n\nThe {victim} of house {number} stands in room {part}, beside the blue cabinet. "
            f"Its cable {part * 7 + number} leads to the switch, and the label says {victim}-{number}-{part}.\n"
            for part in range(12)
        )
        (folder / f"{victim}-{number}.md").write_text(f"# House {number}: the {victim}\n\n" + "\n".join(sections))
    return folder


def ready(whole: Whole, name: str) -> bool:
    known = record.read(whole.folders)
    assert known is not None
    (program,) = (program for service in known.services for program in service.programs if program.name == name)
    return is_ready(program, whole.states()[name].pid)


@pytest.mark.parametrize("victim", PROGRAMS)
def test_a_killed_process_loses_nothing_and_doubles_nothing(
    victim: str,
    whole: Whole,
    cold: dict[str, float],
    undisturbed: dict[str, tuple[int, int, int]],
    tmp_path: Path,
) -> None:
    if victim not in cold:
        pytest.skip("garage is not built: ./lab tools garage")
    folder = write(tmp_path / victim, victim)
    before = set(whole.stored())
    command = whole.command("ingest", folder, "--json")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment()) as ingest:
        until(lambda: whole.stored().keys() - before != set(), "the first document's chunks")
        old = whole.states()[victim]
        psutil.Process(old.pid).kill()
        killed = time.monotonic()
        until(lambda: whole.states()[victim].restarts > old.restarts, f"{victim} is started again", 5)
        again = time.monotonic() - killed
        until(lambda: ready(whole, victim), f"{victim} is ready again")
        took = time.monotonic() - killed
        line = f"{victim}: ready again {took:.2f} s after kill -9, {cold[victim]:.2f} s at its cold start\n"
        sys.stdout.write(line)
        said, _ = ingest.communicate(timeout=120)
    assert ingest.returncode == 0, said
    mine = {document: counts for document, counts in whole.stored().items() if document not in before}
    assert len(mine) == DOCUMENTS
    assert mine == {document: undisturbed[document] for document in mine}
    assert again < 1, f"{victim} was started again after {again:.2f} s"
