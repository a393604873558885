"""How a build reaches package sources: as this machine does, and without a trace in the image."""

from pathlib import Path

import pytest

from homelab.images import debian, machine


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, whose environment configures one index and a folder of wheels."""
    home = tmp_path / "home"
    (home / "wheels").mkdir(parents=True)
    monkeypatch.setattr(Path, "home", lambda: home)
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_FIND_LINKS", "UV_NO_INDEX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.lan/simple/")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "https://other.lan/simple")
    monkeypatch.setenv("PIP_FIND_LINKS", f"{home}/wheels {home}/gone")
    return home


def mounted(flags: list[str]) -> dict[str, Path]:
    """Path in the build → path here."""
    pairs = [flag.removeprefix("--volume=").split(":") for flag in flags]
    return {inside: Path(here) for here, inside, *_ in pairs}


def test_the_index_of_this_machine_is_the_builds(person: Path, tmp_path: Path) -> None:
    with machine.mounts(None, tmp_path / "cache") as flags:
        at = mounted(flags)
        pip = at["/etc/pip.conf"].read_text().splitlines()
        uv = at["/etc/uv/uv.toml"].read_text().splitlines()
    assert pip[2:] == [
        "index-url = https://index.lan/simple",
        "extra-index-url = https://other.lan/simple",
        f"find-links = {person}/wheels",
    ]
    assert uv == [
        "system-certs = true",
        "no-index = false",
        f"find-links = ['{person}/wheels']",
        "[[index]]",
        'url = "https://index.lan/simple"',
        "default = true",
        "[[index]]",
        'url = "https://other.lan/simple"',
        "default = false",
    ]
    assert at[f"{person}/wheels"] == person / "wheels"
    assert not at["/etc/pip.conf"].exists()


def test_npm_keeps_the_persons_registry_but_not_where_their_certificates_lie(person: Path, tmp_path: Path) -> None:
    (person / ".npmrc").write_text("registry=https://npm.lan/\ncafile=/home/me/ca.pem\n")
    with machine.mounts(None, tmp_path / "cache") as flags:
        said = mounted(flags)["/root/.npmrc"].read_text().splitlines()
    assert said == [
        "registry=https://npm.lan/",
        "cafile=/etc/ssl/certs/ca-certificates.crt",
        "cache=/root/.cache/npm",
    ]


@pytest.mark.usefixtures("person")
def test_only_our_own_base_is_given_sources_of_apt(tmp_path: Path) -> None:
    with machine.mounts("deb http://mirror.lan/debian bookworm main\n", tmp_path / "cache") as flags:
        assert "bookworm" in mounted(flags)["/etc/apt/sources.list"].read_text()
    with machine.mounts(None, tmp_path / "cache") as flags:
        assert "/etc/apt/sources.list" not in mounted(flags)


ONE_LINE = """\
# deb http://commented.lan/debian bookworm main
deb [signed-by=/usr/share/keyrings/k.gpg] http://mirror.lan/debian/ bookworm main
deb http://mirror.lan/debian-security bookworm-security main
"""
DEB822 = "Types: deb\nURIs: https://second.lan/debian\nSuites: bookworm\nComponents: main\n"


def test_the_mirror_is_the_one_that_apt_here_uses(tmp_path: Path) -> None:
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list").write_text(ONE_LINE)
    (tmp_path / "sources.list.d/more.sources").write_text(DEB822)
    (tmp_path / "sources.list.d/docker.list").write_text(
        "deb https://vendor.lan/linux/debian-like bookworm stable\n"
    )
    assert debian.mirrors(tmp_path) == ["http://mirror.lan/debian", "https://second.lan/debian"]


def test_another_distribution_has_no_mirror_of_debian(tmp_path: Path) -> None:
    (tmp_path / "sources.list").write_text("deb http://archive.lan/ubuntu noble main\n")
    assert debian.mirrors(tmp_path) == []
