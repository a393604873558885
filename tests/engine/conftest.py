import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from control_plane import ControlPlane, control_plane
from site_lab import Site, make

logging.getLogger("httpx").setLevel(logging.WARNING)  # a line for each question would bury what a test tells


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A real Kubernetes API without nodes, shared by all tests of a session: each uses a namespace of its own."""
    with control_plane(tmp_path_factory.mktemp("cluster")) as running:
        yield running


@pytest.fixture
def site(cluster: ControlPlane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    return make(tmp_path / "lab", cluster, monkeypatch)
