"""What a skip means on a person's machine and in CI."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tree import ROOT

CASES = """
import pytest

def test_missing():
    pytest.skip({reason!r})
"""


def run(folder: Path, content: str, ci: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_case.py").write_text(content, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    environ = {**os.environ, "CI": ci, "PYTHONPATH": str(ROOT / "tests")}
    command = [sys.executable, "-m", "pytest", "-p", "skips", "-p", "no:cacheprovider", "-ra", str(folder)]
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("ci", "reason", "status"),
    [
        ("", "garage is not built: ./lab tools garage", 0),
        ("true", "garage is not built: ./lab tools garage", 1),
        ("true", "this machine has no memory cgroup that we may write", 0),
    ],
)
def test_a_missing_tool_fails_in_ci_only(tmp_path: Path, ci: str, reason: str, status: int) -> None:
    ended = run(tmp_path, CASES.format(reason=reason), ci)
    assert ended.returncode == status, ended.stdout
    assert reason in ended.stdout


def test_a_whole_file_that_is_skipped_fails_in_ci_too(tmp_path: Path) -> None:
    content = "import pytest\npytest.importorskip('no_such_package')\n"
    assert run(tmp_path, content, "").returncode == 5  # pytest's own status for nothing collected
    assert "which CI does not accept" in run(tmp_path, content, "true").stdout


def test_an_expected_failure_is_no_skip(tmp_path: Path) -> None:
    content = "import pytest\n@pytest.mark.xfail(strict=True)\ndef test_known():\n    assert False\n"
    assert run(tmp_path, content, "true").returncode == 0
