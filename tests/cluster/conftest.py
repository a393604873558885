"""One sandbox for all tests of this folder, in a folder of its own, and one platform in it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("sandboxes", "platforms")
from platforms import PHASES, Platform  # noqa: E402
from sandboxes import sandbox_in  # noqa: E402

from homelab.sandbox.layout import Sandbox  # noqa: E402

HERE = Path(__file__).parent

collect_ignore = [] if os.environ.get("THREE_NODES") else ["test_three_nodes.py"]
"""The long form is a recipe of its own."""


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A cluster of one node named `sandbox`; at its end the machine must be as it was before."""
    with sandbox_in(tmp_path_factory.mktemp("sandbox") / ".sandbox") as running:
        yield running


@pytest.fixture(scope="session")
def platform(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Platform:
    """Phases 1 and 2, deployed and validated, with nothing ingested. It ends with the sandbox."""
    made = Platform(sandbox, tmp_path_factory.mktemp("keys") / "keys.txt")
    made.run("images", "--import")
    made.run("secrets", "init")
    made.validate("phase0")
    for stack in PHASES:
        assert set(made.up(stack)["changes"]) == {"create"}
        made.first[stack] = made.validate(stack)
    return made


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """There is one sandbox on a machine: tests that start their own come before the one that all others share.

    The platform fills it, so it comes last; of its files, those that fill the stores come after those
    that ask about the samples, which is the order of their names. One process has them all, while another has
    the tests of other folders.
    """
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.xdist_group("sandbox"))
    items.sort(key=lambda item: [name in getattr(item, "fixturenames", ()) for name in ("platform", "sandbox")])
