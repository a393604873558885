"""Which sops is called: the pinned one, else a new enough one of the person's."""

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from homelab import tools
from homelab.errors import MissingTool
from homelab.sops import programs


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The only one on PATH; nothing pinned is built."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(tools, "find", lambda _: None)
    for cached in (programs.sops, programs.age_keygen):
        cached.cache_clear()
    yield tmp_path
    for cached in (programs.sops, programs.age_keygen):
        cached.cache_clear()


def put(folder: Path, says: str) -> Path:
    program = folder / "sops"
    program.write_text(f"#!/bin/sh\necho '{says}'\n")
    program.chmod(stat.S_IRWXU)
    return program


@pytest.mark.parametrize("says", ["sops 3.9.0", "sops 3.13.2 (latest)", "sops 4.0.0"])
def test_a_persons_own_sops_will_do_when_it_is_new_enough(says: str, folder: Path) -> None:
    program = put(folder, says)
    assert programs.sops() == program


def test_the_pinned_one_is_taken_first(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(folder, "sops 3.13.2")
    monkeypatch.setattr(tools, "find", lambda program: Path("/pinned") / program)
    assert (programs.sops(), programs.age_keygen()) == (Path("/pinned/sops"), Path("/pinned/age-keygen"))


@pytest.mark.parametrize(
    ("says", "given"),
    [("sops 3.8.1 (latest)", "sops 3.8.1 (latest)"), ("", "no version"), ("age 9.9.9", "age 9.9.9")],
)
def test_an_older_or_another_one_is_refused_with_the_mend(says: str, given: str, folder: Path) -> None:
    program = put(folder, says)
    with pytest.raises(MissingTool) as refused:
        programs.sops()
    assert str(refused.value) == f"{program} · {given} · sops 3.9 or newer opens secrets · ./lab tools sops age"


def test_without_any_the_mend_is_named(folder: Path) -> None:
    mend = r" · not built, not on PATH · .* · \./lab tools sops age$"
    with pytest.raises(MissingTool, match=f"^sops{mend}"):
        programs.sops()
    with pytest.raises(MissingTool, match=f"^age-keygen{mend}"):
        programs.age_keygen()
