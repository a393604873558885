"""Secrets: in their files and in the memory of those who need them, nowhere else."""

import stat
from pathlib import Path

import psutil
import pytest
from stand import Stand

from homelab.errors import LocalError
from homelab.local import secret_files


def test_no_secret_stands_in_a_command_line_a_configuration_or_a_log(running: Stand) -> None:
    secrets = [path.read_text() for path in running.folders.secrets.iterdir()]
    assert len(secrets) == len(secret_files.MAKERS)
    seen = [" ".join(process.cmdline()) for process in running.processes()]
    for folder in (running.folders.run, running.folders.log, running.folders.config):
        seen += [path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file()]
    assert len(seen) > 10
    assert [secret for secret in secrets if any(secret in text for text in seen)] == []


def test_a_program_gets_its_own_secrets_only(running: Stand) -> None:
    nats = psutil.Process(running.pid("nats")).environ()
    assert nats["NATS_PASSWORD"] == (running.folders.secrets / "nats").read_text()
    secrets = {path.name: path.read_text() for path in running.folders.secrets.iterdir()}
    assert [name for name, secret in secrets.items() if secret in nats.values()] == ["nats"]


def test_only_their_owner_reads_them(running: Stand) -> None:
    for path in (running.folders.data, running.folders.secrets, running.folders.run, running.folders.log):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700, path
    for path in running.folders.secrets.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_the_persons_own_environment_does_not_reach_the_servers(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-somebody")
    monkeypatch.setenv("PGDATABASE", "elsewhere")
    stand.up(stand.nats())
    assert not {"OPENAI_API_KEY", "PGDATABASE"} & psutil.Process(stand.pid("nats")).environ().keys()


def test_they_are_made_once_and_differ(tmp_path: Path) -> None:
    first = {name: path.read_text() for name, path in secret_files.ensure(tmp_path).items()}
    assert {name: path.read_text() for name, path in secret_files.ensure(tmp_path).items()} == first
    assert len(set(first.values())) == len(first)
    assert first["litellm"].startswith("sk-")
    assert (first["garage-access-key"][:2], len(first["garage-access-key"])) == ("GK", 26)


def test_a_secret_half_written_by_a_crash_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / ".nats.new").write_text("n12")
    assert len(secret_files.ensure(tmp_path)["nats"].read_text()) == 49


def test_a_missing_secret_is_named_by_its_file(stand: Stand) -> None:
    (stand.folders.secrets / "nats").unlink()
    with pytest.raises(LocalError, match=r"No such file or directory: '.*/secrets/nats'"):
        stand.up(stand.nats())
