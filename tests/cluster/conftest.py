"""One sandbox for all tests of this folder, in a folder of its own."""

from collections.abc import Iterator

import pytest

pytest.register_assert_rewrite("sandboxes")
from sandboxes import sandbox_in  # noqa: E402

from homelab.sandbox.layout import Sandbox  # noqa: E402


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A cluster of one node named `sandbox`; at its end the machine must be as it was before."""
    with sandbox_in(tmp_path_factory.mktemp("sandbox") / ".sandbox") as running:
        yield running


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """There is one sandbox on a machine: tests that start their own come before the one that all others share."""
    items.sort(key=lambda item: "sandbox" in getattr(item, "fixturenames", ()))
