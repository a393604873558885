"""A disk that is really full: one line, nothing accepted is lost, and the next run takes the rest."""

import base64
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from whole import Whole, make

from small_disk import fill, small_disk

SIZE_MIB = 260
"""A new platform's write-ahead log, tables and logs take about 70, the work of the test as much again."""

LEFT_LARGE = 6 * 1024**2
LEFT_SMALL = 1024**2
"""Bytes that the ballast leaves: room to accept a few documents, not all of them."""

DOCUMENTS = 30


@pytest.fixture
def whole(tmp_path: Path) -> Iterator[Whole]:
    """A platform whose every file lies on a small file system of its own."""
    with small_disk(tmp_path / "disk", SIZE_MIB) as disk:
        whole = make(disk)
        yield whole
        whole.run("local", "down")


def write_large(folder: Path) -> Path:
    """A sentence and a comment of what no compression makes smaller: much to keep, little to embed."""
    folder.mkdir()
    chance = random.Random(1)
    for number in range(DOCUMENTS):
        comment = base64.b64encode(chance.randbytes(400_000)).decode()
        text = f"<html><body><p>The pump of well {number} was oiled.</p><!-- {comment} --></body></html>\n"
        (folder / f"{number:02d}.html").write_text(text)
    return folder


def write_small(folder: Path) -> Path:
    """Plain text: little to keep as it came, more as passages, vectors and their indexes."""
    folder.mkdir()
    for number in range(DOCUMENTS):
        lines = (
            f"On day {day} the pump of well {number} was oiled and lifted {day * 7} buckets." for day in range(60)
        )
        (folder / f"{number:02d}.txt").write_text("\n".join(lines))
    return folder


def ingest_twice(whole: Whole, documents: Path, left: int) -> None:
    """Onto a disk with so many bytes free, and again when there is room."""
    ballast = fill(whole.file.parent, left)
    report = whole.json("ingest", documents, code=1)
    assert "no space left" in report["stopped"].lower()
    assert "\n" not in report["stopped"]
    assert report["ingested"] < DOCUMENTS
    ballast.unlink()
    again = whole.json("ingest", documents)
    assert again["failed"] == []
    assert again["ingested"] + again["unchanged"] == DOCUMENTS


def test_a_full_disk_stops_the_run_and_the_next_one_goes_on(whole: Whole, tmp_path: Path) -> None:
    whole.run("audit")
    whole.run("local", "up")
    ingest_twice(whole, write_large(tmp_path / "large"), LEFT_LARGE)  # the client finds no room for a document
    ingest_twice(whole, write_small(tmp_path / "small"), LEFT_SMALL)  # a stage finds none for what comes of it
    assert len(whole.stored()) == 2 * DOCUMENTS
