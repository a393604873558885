"""A small platform of real servers in a folder of the test's own; down after the test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from stand import Stand, make


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    """Nothing runs yet."""
    stand = make(tmp_path / "lab")
    yield stand
    stand.down()


@pytest.fixture
def running(stand: Stand) -> Stand:
    stand.up()
    return stand
