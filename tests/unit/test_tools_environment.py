"""Bringing a locked environment up to date, with a stand-in that says what uv says."""

from pathlib import Path

import pytest

from homelab.errors import MissingTool
from homelab.tools import environment
from homelab.tools.environment import ENVIRONMENTS, prepare

UV = """#!/bin/sh
case " $* " in
  *" --check "*)
    echo "$PWD|$*|$UV_PROJECT_ENVIRONMENT|$UV_SYSTEM_CERTS|$SSL_CERT_FILE|$VIRTUAL_ENV" >> {folder}/checked
    exit {checked} ;;
esac
echo "$*" >> {folder}/synced
cat {folder}/said >&2
exit 2
"""


class StandIn:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def says(self, text: str = "", *, checked: int = 1) -> None:
        (self.folder / "said").write_text(text)
        (self.folder / "uv").write_text(UV.format(folder=self.folder, checked=checked))
        (self.folder / "uv").chmod(0o755)

    def read(self, name: str) -> list[str]:
        return (self.folder / name).read_text().splitlines() if (self.folder / name).exists() else []


@pytest.fixture
def uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    monkeypatch.setattr(environment, "program", lambda *_: tmp_path / "uv")
    (tmp_path / "servers/litellm").mkdir(parents=True)
    for name in ("SSL_CERT_FILE", "UV_SYSTEM_CERTS", "PIP_CERT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/ca.pem")
    monkeypatch.setenv("VIRTUAL_ENV", "/elsewhere")
    monkeypatch.setenv("UV_PROJECT_ENVIRONMENT", "/elsewhere")
    return StandIn(tmp_path)


def refused(name: str) -> str:
    with pytest.raises(MissingTool) as refusal:
        prepare(ENVIRONMENTS[name])
    return str(refusal.value)


def test_an_environment_that_is_up_to_date_is_left_alone(uv: StandIn, capfd: pytest.CaptureFixture[str]) -> None:
    uv.says(checked=0)
    prepare(ENVIRONMENTS["homelab"])
    assert uv.read("synced") == []
    assert capfd.readouterr() == ("", "")


def test_the_place_and_the_certificates_are_not_left_to_chance(uv: StandIn) -> None:
    uv.says(checked=0)
    prepare(ENVIRONMENTS["litellm"])
    project = uv.folder / "servers/litellm"
    assert uv.read("checked") == [
        f"{project}|sync --frozen --inexact --no-dev --check --quiet|{project}/.venv|true|/ca.pem|"
    ]


def test_a_person_may_tell_uv_whom_to_trust(uv: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/mine.pem")
    monkeypatch.setenv("UV_SYSTEM_CERTS", "false")
    uv.says(checked=0)
    prepare(ENVIRONMENTS["homelab"])
    assert uv.read("checked")[0].endswith("|false|/mine.pem|")


def test_developers_get_their_group_and_people_do_not(uv: StandIn) -> None:
    uv.says()
    refused("dev")
    refused("homelab")
    assert uv.read("synced") == ["sync --frozen --inexact", "sync --frozen --inexact --no-dev"]


def test_without_a_network_one_line_says_so(uv: StandIn) -> None:
    uv.says(
        "Downloading numpy (15.9MiB)\n"
        "error: Failed to download `numpy==2.4.6`\n"
        "  cause: Request failed after 3 retries in 4.7s\n"
        "  cause: error sending request for url (https://files.test/numpy.whl)\n"
        "  cause: client error (Connect)\n"
        "  cause: Connection refused (os error 111)\n"
        "\n"
        "hint: `numpy` (v2.4.6) was included because something depends on it\n"
    )
    assert refused("homelab") == (
        "uv.lock · Failed to download `numpy==2.4.6`: Connection refused (os error 111) · "
        "its packages are fetched once · connect this machine to the network"
    )


def test_a_network_with_its_own_certificates_is_told_how_to_name_them(uv: StandIn) -> None:
    uv.says(
        "error: Failed to download `numpy==2.4.6`\n"
        "  cause: error sending request for url (https://files.test/numpy.whl)\n"
        "  cause: invalid peer certificate: UnknownIssuer\n"
    )
    assert refused("litellm") == (
        "servers/litellm/uv.lock · Failed to download `numpy==2.4.6`: invalid peer certificate: UnknownIssuer · "
        "its packages are fetched once · have SSL_CERT_FILE name the certificates of your network"
    )


def test_any_other_failure_leads_to_uv_itself(uv: StandIn) -> None:
    uv.says("error: No interpreter found for Python >=3.11, <3.14 in search path\n")
    assert refused("homelab") == (
        "uv.lock · No interpreter found for Python >=3.11, <3.14 in search path · "
        "its packages are fetched once · see `uv sync --project .`"
    )
