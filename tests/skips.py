"""What a skip means: on a person's machine a named gap, in CI a failure, unless no installation could close it.

A reason that begins with `this machine` (`this machine has no memory cgroup that we may write`) tells of hardware,
kernel or rights; it stays a skip everywhere. Any other skip fails where the environment says `CI=true`.
"""

import os
from collections.abc import Generator

import pytest

BEYOND_INSTALLING = "this machine"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if not hasattr(report, "wasxfail"):
        _refuse(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _refuse(report)
    return report


def _refuse(report: pytest.TestReport | pytest.CollectReport) -> None:
    if not report.skipped or os.environ.get("CI", "").lower() != "true":
        return
    told = report.longrepr
    reason = str(told[2] if isinstance(told, tuple) else told).removeprefix("Skipped: ")
    if not reason.startswith(BEYOND_INSTALLING):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not accept: {reason}"
