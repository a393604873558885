"""The bound of time of a test holds for its end too, also when it failed.

pytest-timeout stops its timer as soon as a test fails, to leave a debugger in peace. What hangs in the end of
its fixtures would then hang the whole run, and nobody would read what had failed.
"""

from collections.abc import Generator

import pytest
from pytest_timeout import Settings

SETTINGS = pytest.StashKey[Settings]()


@pytest.hookimpl(tryfirst=True)
def pytest_timeout_set_timer(item: pytest.Item, settings: Settings) -> None:
    item.stash[SETTINGS] = settings


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, None, None]:
    if SETTINGS in item.stash:
        item.ihook.pytest_timeout_set_timer(item=item, settings=item.stash[SETTINGS])
    return (yield)
