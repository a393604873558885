"""Which programs the engine is given, and what of a person's shell reaches it."""

import sys
from pathlib import Path

import pytest

from homelab.engine.environment import environment
from homelab.engine.folders import Folders
from homelab.engine.programs import STAND_IN, Programs, programs

PLUGIN = "pulumi-resource-kubernetes"


@pytest.fixture(autouse=True)
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An engine of the machine's own, and none that was built."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return program(tmp_path / "bin/pulumi", "echo v3.259.0")


def program(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def found(tmp_path: Path, path: str = "") -> Programs:
    return programs({"PATH": f"{tmp_path / 'bin'}{path}"}, tmp_path / "home")


def test_the_stand_in_serves_where_the_plugin_is_nowhere(tmp_path: Path) -> None:
    used = found(tmp_path)
    assert used.stand_in
    assert used.path == (Path(sys.executable).parent, tmp_path / "bin", STAND_IN)


def test_nothing_stands_before_an_installed_plugin(tmp_path: Path) -> None:
    program(tmp_path / f"home/plugins/resource-kubernetes-v4.32.0/{PLUGIN}")
    used = found(tmp_path)
    assert not used.stand_in
    assert STAND_IN not in used.path


def test_nothing_stands_before_a_plugin_on_the_path(tmp_path: Path) -> None:
    program(tmp_path / f"elsewhere/{PLUGIN}")
    assert not found(tmp_path, f":{tmp_path / 'elsewhere'}").stand_in


@pytest.mark.parametrize("version", ["4.31.0", "4.33.0", "3.30.2"])
def test_an_installed_plugin_of_another_version_is_none(tmp_path: Path, version: str) -> None:
    """The engine takes the very version that the program's package names."""
    program(tmp_path / f"home/plugins/resource-kubernetes-v{version}/{PLUGIN}")
    assert found(tmp_path).stand_in


def test_a_download_that_was_cut_off_is_none(tmp_path: Path) -> None:
    program(tmp_path / f"home/plugins/resource-kubernetes-v4.32.0/{PLUGIN}")
    (tmp_path / "home/plugins/resource-kubernetes-v4.32.0.partial").touch()
    assert found(tmp_path).stand_in


def given(tmp_path: Path, **environ: str) -> dict[str, str]:
    used = Programs(tmp_path / "bin/pulumi", (), False)
    return environment(environ, Folders(tmp_path / "state"), used, tmp_path / "lab.yaml", "passphrase")


def test_files_that_the_person_names_are_the_same_ones_in_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine and the program run in folders of their own."""
    monkeypatch.chdir(tmp_path)
    env = given(
        tmp_path, KUBECONFIG="one:/etc/two", SOPS_AGE_KEY_FILE="keys.txt", PULUMI_HOME="home", HOME=str(tmp_path)
    )
    assert env["KUBECONFIG"] == f"{tmp_path}/one:/etc/two"
    assert env["SOPS_AGE_KEY_FILE"] == f"{tmp_path}/keys.txt"
    assert env["PULUMI_HOME"] == f"{tmp_path}/home"


@pytest.mark.parametrize(
    "name", ["PULUMI_STACK", "PULUMI_IGNORE_AMBIENT_PLUGINS", "PULUMI_DIY_BACKEND_GZIP", "VIRTUAL_ENV"]
)
def test_what_would_change_the_run_is_left_out(tmp_path: Path, name: str) -> None:
    assert name not in given(tmp_path, **{name: "true"})
