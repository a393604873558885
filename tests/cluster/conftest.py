"""One sandbox for all tests of this folder, in a folder of its own, and one platform in it."""

import os
from collections.abc import Iterator

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

pytest.register_assert_rewrite("sandboxes", "platforms")
from platforms import PHASES, Platform  # noqa: E402
from sandboxes import sandbox_in  # noqa: E402

from homelab.sandbox.layout import Sandbox  # noqa: E402

FOLDER = "tests/cluster/"

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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """There is one sandbox on a machine: tests that start their own come before the one that all others share.

    The platform fills it, so it comes last; of its files, those that fill the stores come after those
    that ask about the samples, which is the order of their names.
    """
    items.sort(key=lambda item: [name in getattr(item, "fixturenames", ()) for name in ("platform", "sandbox")])


class OneSandbox(LoadScopeScheduling):
    """One process has all tests of this folder, another those of other folders, one by one."""

    def _split_scope(self, nodeid: str) -> str:
        return FOLDER if nodeid.startswith(FOLDER) else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneSandbox:
    """Whatever --dist says. Its groups would do, but pytest 9.2 does not tell xdist 3.8 of them."""
    return OneSandbox(config, log)
