"""What `homelab doctor` says of the recipes of a cluster."""

import os
from pathlib import Path

import pytest

from homelab.doctor import cluster
from homelab.lab import Lab, load

LAB = "version: 1\nhosts: {desktop: {address: local}}\n"
CLUSTER = LAB + "cluster: {context: home}\n"


def lab(tmp_path: Path, text: str) -> Lab:
    path = tmp_path / "lab.yaml"
    path.write_text(text)
    return load(path)


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without a single program, where we are not root."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    for cached in ("sops", "age_keygen"):
        monkeypatch.setattr(f"homelab.sops.programs.{cached}", _uncached(cached))


def _uncached(name: str) -> object:
    from homelab.sops import programs

    return getattr(programs, name).__wrapped__


def test_a_lab_without_a_cluster_needs_nothing(tmp_path: Path) -> None:
    assert list(cluster.findings(lab(tmp_path, LAB))) == []


@pytest.mark.usefixtures("bare")
def test_on_a_bare_machine_each_recipe_says_what_it_lacks_and_none_is_a_fault(tmp_path: Path) -> None:
    found = [(one.id, one.state, one.mend) for one in cluster.findings(lab(tmp_path, CLUSTER))]
    assert found == [
        ("cluster.engine", "warn", "./lab tools pulumi, or install Pulumi 3.259"),
        ("cluster.secrets", "warn", "./lab tools sops age"),
        ("cluster.images", "ok", "sudo apt install buildah"),
        ("cluster.images", "ok", "sudo apt install mmdebstrap"),
        ("cluster.images", "ok", "run it by sudo, or pull: --base registry"),
        ("cluster.sandbox", "ok", "sudo ./lab sandbox-up"),
    ]


def test_what_is_there_is_told_with_its_place() -> None:
    [found] = cluster.asked("cluster.engine", "pulumi-up", "warn", lambda: "/usr/bin/pulumi")
    assert (found.state, found.evidence, found.mend) == ("ok", "/usr/bin/pulumi", "")
