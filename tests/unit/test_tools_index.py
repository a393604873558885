"""Which package index a machine is configured for."""

from pathlib import Path

import pytest

from homelab.errors import InvalidInput
from homelab.tools.index import PUBLIC, configured


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "etc").mkdir()
    return tmp_path


def write(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


def indexes(home: Path, **environ: str) -> tuple[str, ...]:
    return configured(environ, home, home / "etc").indexes


def test_a_machine_without_configuration_uses_the_public_index(home: Path) -> None:
    found = configured({}, home, home / "etc")
    assert (found.links, found.indexes, found.certificates) == ((), (PUBLIC,), None)


@pytest.mark.parametrize("name", ["UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"])
def test_each_variable_that_uv_or_pip_reads_names_the_index(home: Path, name: str) -> None:
    assert indexes(home, **{name: "https://mirror.test/simple/"}) == ("https://mirror.test/simple",)


def test_uvs_variable_wins_over_pips(home: Path) -> None:
    found = indexes(home, PIP_INDEX_URL="https://pip.test/simple", UV_DEFAULT_INDEX="https://uv.test/simple")
    assert found == ("https://uv.test/simple",)


def test_an_index_may_have_a_name_in_front(home: Path) -> None:
    assert indexes(home, UV_DEFAULT_INDEX="mirror=https://m.test/s") == ("https://m.test/s",)
    assert indexes(home, UV_DEFAULT_INDEX="https://m.test/s?a=b") == ("https://m.test/s?a=b",)


def test_further_indexes_come_after_the_first(home: Path) -> None:
    found = indexes(home, PIP_INDEX_URL="https://a.test", PIP_EXTRA_INDEX_URL="https://b.test https://c.test")
    assert found == ("https://a.test", "https://b.test", "https://c.test")


@pytest.mark.parametrize(
    "place", [".config/pip/pip.conf", ".pip/pip.conf", "etc/pip.conf", "etc/xdg/pip/pip.conf"]
)
def test_pip_is_read_in_its_usual_places(home: Path, place: str) -> None:
    write(
        home / place, "[global]\nindex-url = https://conf.test/simple\ncert = /ca.pem\nfind-links =\n  /a\n  /b\n"
    )
    found = configured({}, home, home / "etc")
    assert (found.links, found.indexes, found.certificates) == (
        ("/a", "/b"),
        ("https://conf.test/simple",),
        "/ca.pem",
    )


def test_the_persons_file_wins_over_the_systems(home: Path) -> None:
    write(home / "etc/pip.conf", "[global]\nindex-url = https://system.test\n")
    write(home / ".config/pip/pip.conf", "[global]\nindex-url = https://person.test\n")
    assert indexes(home) == ("https://person.test",)


def test_an_environment_variable_wins_over_every_file(home: Path) -> None:
    write(home / ".config/uv/uv.toml", 'index-url = "https://file.test"\n')
    assert indexes(home, PIP_INDEX_URL="https://environment.test") == ("https://environment.test",)


def test_a_file_named_by_PIP_CONFIG_FILE_is_read_first(home: Path) -> None:  # noqa: N802 - the variable's name
    write(home / ".config/pip/pip.conf", "[global]\nindex-url = https://usual.test\n")
    write(home / "mine.conf", "[global]\nindex-url = https://mine.test\n")
    assert indexes(home, PIP_CONFIG_FILE=str(home / "mine.conf")) == ("https://mine.test",)


def test_the_section_for_installing_wins_over_the_general_one(home: Path) -> None:
    write(home / "etc/pip.conf", "[global]\nindex-url = https://a.test\n[install]\nindex-url = https://b.test\n")
    assert indexes(home) == ("https://b.test",)


def test_uvs_file_may_mark_its_default_index(home: Path) -> None:
    content = '[[index]]\nurl = "https://more.test"\n[[index]]\nurl = "https://main.test"\ndefault = true\n'
    write(home / ".config/uv/uv.toml", content)
    assert indexes(home) == ("https://main.test", "https://more.test")


def test_uvs_file_is_ignored_when_uv_is_told_so(home: Path) -> None:
    write(home / ".config/uv/uv.toml", 'index-url = "https://file.test"\n')
    assert indexes(home, UV_NO_CONFIG="1") == (PUBLIC,)


@pytest.mark.parametrize("said", ["1", "true", "on"])
def test_no_index_leaves_the_links_alone(home: Path, said: str) -> None:
    found = configured({"PIP_NO_INDEX": said, "PIP_FIND_LINKS": "/wheels /more"}, home, home / "etc")
    assert (found.links, found.indexes) == (("/wheels", "/more"), ())


@pytest.mark.parametrize("name", ["PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_certificates_come_from_the_variables_that_tools_agree_on(home: Path, name: str) -> None:
    assert configured({name: "/ca.pem"}, home, home / "etc").certificates == "/ca.pem"


@pytest.mark.parametrize(
    ("place", "content", "reason"),
    [
        (".config/uv/uv.toml", "index-url = https", "Invalid value"),
        ("etc/pip.conf", "index-url = https://a.test", "File contains no section headers."),
    ],
)
def test_a_file_that_cannot_be_read_is_named(home: Path, place: str, content: str, reason: str) -> None:
    write(home / place, content)
    with pytest.raises(InvalidInput) as refusal:
        indexes(home)
    (problem,) = refusal.value.problems
    assert problem.where == str(home / place)
    assert problem.given.startswith(reason)
    assert problem.fix == "mend or remove it"
