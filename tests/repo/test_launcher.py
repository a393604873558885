"""`./lab` as a person's shell runs it, from a copy in an awkward place."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from tree import ROOT

from homelab.tools.launcher import program
from homelab.tools.wheels import JUST

PINNED = ("uv-0.13.8/uv", "just-1.59.0/just")

STAND_IN = """#!/bin/sh
case "$1" in --version) echo "{name} {version}" ;; *) echo "$0"; printf '%s\\n' "$@"; pwd; echo "$PATH" ;; esac
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A checkout of the launcher alone."""
    root = tmp_path / "a lab, für alle"
    (root / "pulumi/homelab").mkdir(parents=True)
    shutil.copy(ROOT / "lab", root / "lab")
    for name in ("__init__.py", "errors.py"):
        shutil.copy(ROOT / "pulumi/homelab" / name, root / "pulumi/homelab" / name)
    shutil.copytree(ROOT / "pulumi/homelab/tools", root / "pulumi/homelab/tools")
    return root


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder for PATH: what every Debian has, with this Python as python3, and no uv or just."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("bash", "sh", "env", "dirname", "readlink", "pwd"):
        found = shutil.which(name)
        assert found is not None
        (folder / name).symlink_to(found)
    (folder / "python3").symlink_to(sys.executable)
    return folder


def stand_in(path: Path, version: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(STAND_IN.format(name=path.name, version=version), encoding="utf-8")
    path.chmod(0o755)


def run(lab: Path, programs: Path, arguments: Sequence[str] = (), **more: str) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": str(programs), "HOME": str(programs), "LANG": "C.UTF-8", "no_proxy": "*", **more}
    return subprocess.run(
        [lab, *arguments], env=environ, capture_output=True, text=True, cwd=programs, check=False
    )


def test_arguments_reach_just_as_they_were_typed(copy: Path, programs: Path) -> None:
    for place in PINNED:
        stand_in(copy / ".tools" / place, "0.0")
    ended = run(copy / "lab", programs, ["ask", "what's new, Müller?", "", "--json", "$HOME *"])
    assert (ended.returncode, ended.stderr) == (0, "")
    just = str(copy / ".tools/just-1.59.0/just")
    assert ended.stdout.splitlines()[:-1] == [
        *(just, "--justfile", str(copy / "justfile"), "--working-directory", str(copy)),
        *("ask", "what's new, Müller?", "", "--json", "$HOME *"),
        str(programs),
    ]


def test_recipes_find_uv_and_just_on_their_path(copy: Path, programs: Path) -> None:
    for place in PINNED:
        stand_in(copy / ".tools" / place, "0.0")
    path = run(copy / "lab", programs).stdout.splitlines()[-1]
    assert path.split(":") == [str(copy / ".tools/uv-0.13.8"), str(copy / ".tools/just-1.59.0"), str(programs)]


def test_it_can_be_called_through_a_link(copy: Path, programs: Path) -> None:
    for place in PINNED:
        stand_in(copy / ".tools" / place, "0.0")
    (programs / "my-lab").symlink_to(copy / "lab")
    assert str(copy / "justfile") in run(programs / "my-lab", programs).stdout


def test_programs_on_path_are_used_when_they_are_new_enough(copy: Path, programs: Path) -> None:
    stand_in(programs / "uv", "0.13.0")
    stand_in(programs / "just", "1.99.0")
    ended = run(copy / "lab", programs)
    assert ended.stdout.splitlines()[0] == str(programs / "just")
    assert not (copy / ".tools").exists()


@pytest.mark.parametrize(("uv", "just", "fetched"), [("0.12.9", "1.50.0", "uv"), ("0.14.0", "1.41.0", "just")])
def test_an_old_program_is_not_used(copy: Path, programs: Path, uv: str, just: str, fetched: str) -> None:
    stand_in(programs / "uv", uv)
    stand_in(programs / "just", just)
    ended = run(copy / "lab", programs, PIP_NO_INDEX="1")
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[0].startswith(f"lab: fetching {fetched} ")


def test_without_an_index_one_line_says_what_to_do(copy: Path, programs: Path) -> None:
    ended = run(copy / "lab", programs, PIP_INDEX_URL="http://127.0.0.1:1/simple")
    assert ended.returncode == 1
    assert ended.stderr.splitlines() == [
        "lab: fetching uv 0.13.8 (once)",
        "lab: uv 0.13.8 · http://127.0.0.1:1/simple/uv/: Connection refused · "
        "it is fetched once, from the configured package index · "
        "connect this machine, set PIP_INDEX_URL to a mirror, or install uv yourself",
    ]


def test_an_old_python_is_told_in_one_line(copy: Path, programs: Path) -> None:
    (programs / "python3").unlink()
    (programs / "python3").write_text('#!/bin/sh\n[ "$1" = --version ] || exit 1\necho Python 3.9.2\n')
    (programs / "python3").chmod(0o755)
    ended = run(copy / "lab", programs)
    assert (ended.returncode, ended.stderr) == (
        1,
        "lab: Python 3.9.2 · Python 3.11 or newer is needed · apt install python3 (Debian 12 or newer)\n",
    )


def test_a_newer_python_beside_an_old_one_is_found(copy: Path, programs: Path) -> None:
    for place in PINNED:
        stand_in(copy / ".tools" / place, "0.0")
    (programs / "python3").rename(programs / "python3.12")
    assert run(copy / "lab", programs).returncode == 0


def test_what_the_recipes_pass_on_keeps_its_spaces_and_its_folder(tmp_path: Path) -> None:
    just = program(JUST, ROOT)
    recipes = (ROOT / "justfile").read_text(encoding="utf-8")
    root = tmp_path / "a lab"
    homelab = root / ".venv/bin/homelab"
    stand_in(homelab, "")
    (root / "justfile").write_text(recipes.replace("    @{{ prepare }} ", "    @: "), encoding="utf-8")
    documents = tmp_path / "my documents"
    documents.mkdir()
    ended = subprocess.run(
        [
            just,
            "--justfile",
            root / "justfile",
            "--working-directory",
            root,
            "ingest",
            "Straße 1.pdf",
            "-x",
            "a  b",
        ],
        cwd=documents,
        env={**os.environ, "LAB_PYTHON": "python3"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.splitlines()[1:-1] == ["ingest", "Straße 1.pdf", "-x", "a  b", str(documents)]
