"""The same facts and lab give the same bytes, in whatever order Python's sets and hashes fall."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from bench_plan import made

PROGRAM = "import sys; from homelab.cli import run; sys.exit(run(sys.argv[1:]))"
SEEDS = ("0", "1", "4294967295")


def said(seed: str, arguments: Sequence[str], ends_with: int) -> bytes:
    environment = os.environ | {"PYTHONHASHSEED": seed, "HOMELAB_FILE": ""}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], env=environment, capture_output=True, check=False
    )
    assert done.returncode == ends_with, done.stderr.decode()
    return done.stdout + done.stderr


def test_a_plan_and_its_page_are_the_same_bytes_under_any_hash_seed(tmp_path: Path) -> None:
    lab = made(tmp_path / "lab", 6)
    pages, plans = set(), set()
    for seed in SEEDS:
        file = tmp_path / "page.html"
        plans.add(said(seed, ["plan", "--json", "--html", str(file), "--lab", str(lab)], 0))
        pages.add(file.read_bytes())
    assert (len(plans), len(pages)) == (1, 1)


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_a_refusal_and_its_ways_out_are_the_same_bytes_under_any_hash_seed(flags: Sequence[str]) -> None:
    assert len({said(seed, ["what-if", "--ram", "6GiB", *flags], 1) for seed in SEEDS}) == 1
