"""A test run ends, whatever hangs in it."""

import subprocess
import sys
from pathlib import Path

HANGS = """
import threading
import pytest

@pytest.fixture
def never_ends():
    yield
    threading.Event().wait()

def test_that_fails(never_ends):
    raise AssertionError("its own reason")

def test_after_it():
    pass
"""


def test_a_failed_test_whose_fixture_never_ends_is_ended_and_the_next_one_runs(
    tmp_path: Path,
) -> None:
    (tmp_path / "test_hangs.py").write_text(HANGS)
    command = [sys.executable, "-m", "pytest", "-p", "timeouts", "--timeout=1", "-q", "-c", "/dev/null"]
    run = subprocess.run(
        [*command, "--rootdir", str(tmp_path), str(tmp_path)],
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.returncode == 1
    assert "AssertionError: its own reason" in run.stdout
    assert "Timeout (>1.0s) from pytest-timeout" in run.stdout
    assert "1 failed, 1 passed, 1 error" in run.stdout
