"""Canary values go through everything that is done with secrets, and show up only where they were asked for."""

import json
import logging
import stat
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from secret_lab import SecretLab, make

from homelab import tools
from homelab.cli import run
from homelab.errors import SecretsError
from homelab.sops import problems, programs, read_all
from homelab.sops.sealing import seal

CANARY = "canary-"
FILES, KEYS = 20, 10

WATCHED = """\
#!/bin/sh
# Writes down how it was called and what of the file system it can see of its caller, then is the real one.
printf '%s\\n' "$0 $*" >> '{record}'
env >> '{record}'
find '{temporary}' -type f -exec cat {{}} + >> '{record}'
exec '{real}' "$@"
"""


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SecretLab]:
    """sops and age-keygen are wrapped: each call, its environment and temporary files are in `record`."""
    lab = make(tmp_path / "lab", monkeypatch)
    real = {"sops": programs.sops(), "age-keygen": programs.age_keygen()}
    watched, temporary = tmp_path / "watched", tmp_path / "temporary"
    watched.mkdir()
    temporary.mkdir()
    for name, path in real.items():
        script = WATCHED.format(record=tmp_path / "record", temporary=temporary, real=path)
        (watched / name).write_text(script)
        (watched / name).chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{watched}:/usr/bin:/bin")
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr("tempfile.tempdir", str(temporary))  # Python looks at the variable once
    monkeypatch.setattr(tools, "find", lambda _: None)
    for cached in (programs.sops, programs.age_keygen):
        cached.cache_clear()
    yield lab
    for cached in (programs.sops, programs.age_keygen):
        cached.cache_clear()


@contextmanager
def command_lines() -> Iterator[set[str]]:
    """Those of all processes of the machine, looked at without a pause while the block runs."""
    seen: set[str] = set()
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    seen.add(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
                except OSError:  # it has ended meanwhile
                    continue

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        done.set()
        watcher.join()


def canaries(lab: SecretLab) -> set[str]:
    """Two hundred values, written in clear into files of secrets, as a person does by mistake."""
    for file in range(FILES):
        values = {f"key{key}": f"{CANARY}{file:02}-{key:02}-Aa1." for key in range(KEYS)}
        lab.place.file(f"canary{file}").write_text(json.dumps(values))
    return {f"{CANARY}{file:02}-{key:02}-Aa1." for file in range(FILES) for key in range(KEYS)}


def test_two_hundred_secrets_show_up_in_no_argument_environment_file_or_log(
    made: SecretLab, tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    made.init()
    values = canaries(made)
    with command_lines() as seen:
        assert run(["secrets", "encrypt", "--json"]) == 0
        secrets = read_all(made.lab, [f"canary{file}" for file in range(FILES)])
        made.place.rules.write_text(made.place.rules.read_text() + "# changed\n")
        made.init()
        assert problems(made.lab) == ()
    assert {value for name in secrets for value in secrets[name].values()} == values
    record = (tmp_path / "record").read_text()
    assert record.count("sops --config") >= 28
    assert any("/dev/stdin" in line for line in seen)
    told = capfd.readouterr()
    everywhere = [record, *seen, told.out, told.err, caplog.text, repr(secrets), str(secrets)]
    everywhere += [path.read_text(errors="replace") for path in made.folder.rglob("*") if path.is_file()]
    assert [text[:200] for text in everywhere if CANARY in text] == []
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.parametrize("fault", ["another key", "value in clear", "value changed", "no YAML", "form", "rules"])
def test_no_failure_tells_a_value(
    fault: str, made: SecretLab, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made.init()
    path = made.place.file("litellm")
    path.write_bytes(seal(made.place, path, {"master_key": f"{CANARY}key"}))
    text = path.read_text()
    encrypted = text.splitlines()[0]
    match fault:
        case "another key":
            made.place.key_file.unlink()
            monkeypatch.setenv("SOPS_AGE_KEY_FILE", str(made.key("stranger.txt")[0]))
        case "value in clear":
            path.write_text(text.replace(encrypted, f"master_key: {CANARY}clear"))
        case "value changed":
            path.write_text(text.replace(encrypted, f"master_key: ENC[{CANARY}]"))
        case "no YAML":
            path.write_text(f'master_key: "{CANARY}\n')
        case "rules":
            path.write_text(f"master_key: {CANARY}clear\n")
            made.place.rules.write_text(f'creation_rules: "{CANARY}\n')
    with pytest.raises(SecretsError) as refused:
        read_all(made.lab)
    shown = traceback.format_exception(refused.value)
    capfd.readouterr()
    codes = [run(["secrets", verb]) for verb in ("decrypt", "encrypt", "init")]
    assert codes[0] == 1
    told = capfd.readouterr()
    assert "secrets/litellm.sops.yaml" in told.err
    assert CANARY not in "".join([*shown, told.out, told.err, repr(refused.value), str(problems(made.lab))])


def test_what_a_person_set_for_sops_does_not_change_for_whom_it_encrypts(
    made: SecretLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, stranger = made.key("stranger.txt")
    monkeypatch.setenv("SOPS_AGE_RECIPIENTS", stranger)
    made.init()
    assert problems(made.lab) == ()
