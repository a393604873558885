"""Secrets with real sops and age: made once, opened by either key, refused with the key or file at fault."""

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from secret_lab import LAB, SecretLab, make

from homelab.cli import run
from homelab.doctor import secrets as doctor
from homelab.errors import SecretsError
from homelab.sops import TABLE, problems, read_all
from homelab.sops.choice import open_chosen, put
from homelab.sops.sealed import look
from homelab.sops.sealing import seal


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SecretLab:
    """After `secrets init`: nine files for two keys."""
    one = make(tmp_path / "lab", monkeypatch)
    one.init()
    return one


def plain(lab: SecretLab) -> dict[str, dict[str, str]]:
    secrets = read_all(lab.lab)
    return {name: dict(secrets[name]) for name in secrets}


def refusal(lab: SecretLab, *names: str) -> list[str]:
    with pytest.raises(SecretsError) as refused:
        read_all(lab.lab, names or None)
    return [str(problem) for problem in refused.value.problems]


def test_every_secret_is_made_once_and_for_good(made: SecretLab, capsys: pytest.CaptureFixture[str]) -> None:
    before, files = plain(made), made.files()
    assert {(name, key) for name in before for key in before[name]} == {
        (row.name, row.key) for row in TABLE if not row.copied
    }
    assert problems(made.lab) == ()
    capsys.readouterr()
    made.init("--json")
    told = json.loads(capsys.readouterr().out)
    assert {file["state"] for file in told["files"]} == {"kept"}
    assert told["made_keys"] == []
    assert (plain(made), made.files()) == (before, files)


def test_keys_are_for_their_owner_alone(made: SecretLab) -> None:
    place = made.place
    assert place.key_file == made.folder / "config/sops/age/keys.txt"
    for path, mode in ((place.key_file, 0o600), (place.recovery, 0o600), (place.key_file.parent, 0o700)):
        assert stat.S_IMODE(path.stat().st_mode) == mode, path


def test_each_of_the_two_keys_opens_everything_alone(made: SecretLab, monkeypatch: pytest.MonkeyPatch) -> None:
    before = plain(made)
    away = made.place.recovery.rename(made.folder / "stick.txt")
    assert plain(made) == before
    made.place.key_file.unlink()
    monkeypatch.setenv("SOPS_AGE_KEY_FILE", str(away))
    assert plain(made) == before


def test_another_key_is_told_beside_those_that_open(made: SecretLab, monkeypatch: pytest.MonkeyPatch) -> None:
    path, public = made.key("stranger.txt")
    monkeypatch.setenv("SOPS_AGE_KEY_FILE", str(path))
    _, third = made.key("third.txt")
    (made.folder / "third.txt").replace(made.folder / "config/sops/age/keys.txt")
    first, second = look(made.place.file("nats")).recipients
    assert refusal(made, "nats") == [
        f"secrets/nats.sops.yaml · here is {third} ({made.folder}/config/sops/age/keys.txt), {public} ({path}) · "
        f"opens with the private half of {first} or {second} · "
        "bring that private key: SOPS_AGE_KEY_FILE=FILE, or the recovery key"
    ]
    assert len(refusal(made)) == 8  # every file is told, not the first alone


def test_no_key_at_all_is_told_with_the_place_where_it_is_looked_for(made: SecretLab) -> None:
    made.place.key_file.unlink()
    [told] = refusal(made, "nats")
    assert f" · there is no key file {made.place.key_file} · opens with the private half of age1" in told


def test_a_key_file_that_was_damaged_is_told(made: SecretLab) -> None:
    made.place.key_file.write_text("AGE-SECRET-KEY-1HUNTER2\n")
    [told] = refusal(made, "nats")
    assert told.startswith(f"{made.place.key_file} · no age key in it (not shown) · ")
    assert "HUNTER2" not in told


def test_a_missing_file_names_the_recipe(made: SecretLab) -> None:
    made.place.file("nats").unlink()
    expected = "secrets/nats.sops.yaml · no such file · the platform needs it · ./lab secrets-init makes it"
    assert refusal(made) == [expected]
    assert [str(problem) for problem in problems(made.lab)] == [expected]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("rpc_secret:", "rpc_secret_of_old:"),  # a key renamed: its value is bound to the name
        ("data:", "data:AAAA"),
        ('lastmodified: "20', 'lastmodified: "19'),
        ("    mac: ENC", "    mac_of_old: ENC"),
    ],
    ids=["key", "value", "time", "checksum"],
)
def test_a_file_that_was_changed_by_hand_is_told(old: str, new: str, made: SecretLab) -> None:
    path = made.place.file("garage")
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    [told] = refusal(made, "garage")
    assert told.startswith("secrets/garage.sops.yaml · changed since it was encrypted · ")


def test_two_values_that_changed_places_are_told(made: SecretLab) -> None:
    path = made.place.file("garage")
    lines = path.read_text().splitlines(keepends=True)
    (a, b) = (next(n for n, line in enumerate(lines) if line.startswith(k)) for k in ("rpc_secret", "secret_key"))
    one, other = (lines[n].partition(": ")[2] for n in (a, b))
    lines[a], lines[b] = f"rpc_secret: {other}", f"secret_key: {one}"
    path.write_text("".join(lines))
    [told] = refusal(made, "garage")
    assert "changed since it was encrypted" in told


def test_a_file_in_clear_stops_the_making_and_is_encrypted_on_request(
    made: SecretLab, capsys: pytest.CaptureFixture[str]
) -> None:
    made.place.file("nats").write_text("# of old\npassword: hunter2-hunter2-hunter2\n")
    made.place.file("pulumi").unlink()
    capsys.readouterr()
    assert run(["secrets", "init"]) == 1
    told = capsys.readouterr()
    assert told.err.startswith("secrets/nats.sops.yaml · in clear: password · ")
    assert "hunter2" not in told.out + told.err
    assert not made.place.file("pulumi").exists()  # nothing was written
    assert run(["secrets", "encrypt"]) == 0
    assert capsys.readouterr().out == "secrets/nats.sops.yaml · encrypted\n"
    assert b"hunter2" not in b"".join(made.files().values())
    made.init()
    assert plain(made)["nats"] == {"password": "hunter2-hunter2-hunter2"}


def test_only_the_missing_value_of_a_file_is_made(made: SecretLab, capsys: pytest.CaptureFixture[str]) -> None:
    before = plain(made)
    kept = {"admin_email": "ada@home.internal", "note": "a person's own"}
    path = made.place.file("contextforge")
    path.write_bytes(seal(made.place, path, {**before["contextforge"], **kept}))
    made.sops("unset", path, '["user_password"]')
    assert [problem.given for problem in problems(made.lab)] == ["without user_password"]
    assert refusal(made, "contextforge") == [
        "secrets/contextforge.sops.yaml user_password · not there · for ContextForge: DEFAULT_USER_PASSWORD · "
        "./lab secrets-init makes it"
    ]
    capsys.readouterr()
    made.init("--json")
    files = {Path(file["path"]).name: file for file in json.loads(capsys.readouterr().out)["files"]}
    assert files["contextforge.sops.yaml"] | {"path": ""} == {
        "path": "",
        "state": "completed",
        "keys": ["user_password"],
    }
    after = plain(made)
    assert after["contextforge"].pop("user_password") != before["contextforge"].pop("user_password")
    assert after["contextforge"] == before["contextforge"] | {"admin_email": "ada@home.internal"}
    assert made.sops("decrypt", "--extract", '["note"]', path) == "a person's own"


def test_a_change_of_the_rules_encrypts_every_file_anew(made: SecretLab, monkeypatch: pytest.MonkeyPatch) -> None:
    before, files = plain(made), made.files()
    path, public = made.key("second-person.txt")
    recovery = look(made.place.file("nats")).recipients[1]
    made.place.rules.write_text(made.place.rules.read_text().replace(recovery, public))
    assert len(problems(made.lab)) == 16  # in each file one is missing and one is too many
    made.init()
    assert problems(made.lab) == ()
    assert [name for name, content in made.files().items() if content == files[name]] == []
    monkeypatch.setenv("SOPS_AGE_KEY_FILE", str(path))
    assert plain(made) == before
    monkeypatch.delenv("SOPS_AGE_KEY_FILE")
    made.place.recovery.rename(made.place.key_file)
    assert "opens with the private half of" in refusal(made)[0]


def test_a_value_that_its_product_would_refuse_is_not_handed_on(made: SecretLab) -> None:
    path = made.place.file("litellm")
    path.write_bytes(seal(made.place, path, {"master_key": "hunter2"}))
    assert refusal(made, "litellm") == [
        "secrets/litellm.sops.yaml master_key · another form (not shown) · "
        "must be: sk- and 16 characters at least, no spaces · ./lab sops-encrypt litellm.master_key"
    ]
    path.write_bytes(seal(made.place, path, {"master_key": 12345678}))
    assert "no text (not shown)" in refusal(made, "litellm")[0]


def test_the_key_of_a_model_is_copied_from_its_file(made: SecretLab) -> None:
    chat = "models: {chat: {endpoint: 'http://gpu.lan/v1', model: qwen3, api_key_file: chat.key}}\n"
    (made.folder / "lab.yaml").write_text(LAB + chat)
    with pytest.raises(SecretsError, match=r"^models.chat.api_key_file · chat.key: no such file or directory · "):
        __import__("homelab.sops").sops.initialise(made.lab)
    (made.folder / "chat.key").write_text("sk-of-a-vendor\n")
    made.init()
    assert plain(made)["models"] == {"chat_api_key": "sk-of-a-vendor"}


def test_plain_sops_keeps_to_the_same_rules(made: SecretLab) -> None:
    (made.folder / "secrets/own.sops.yaml").write_text("pin: hunter2\n")
    made.sops("encrypt", "--in-place", "secrets/own.sops.yaml")
    made.sops("set", "secrets/own.sops.yaml", '["more"]', '"hunter3"')
    assert problems(made.lab) == ()
    assert dict(read_all(made.lab, ["own"])["own"]) == {"pin": "hunter2", "more": "hunter3"}


def test_two_at_once_make_one_set_of_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = make(tmp_path / "lab", monkeypatch)
    command = [sys.executable, "-c", "from homelab.cli import main; main()", "secrets", "init", "--json"]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    told = [json.loads(one.communicate()[0]) for one in both]
    assert [one.returncode for one in both] == [0, 0]
    states = sorted({file["state"] for file in one["files"]} for one in told)
    assert states in ([{"kept"}, {"made"}], [{"made"}, {"kept"}])
    assert told[0]["recipients"] == told[1]["recipients"]
    assert problems(lab.lab) == ()


def test_a_person_reads_one_value_and_sets_it(
    made: SecretLab, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given = tmp_path / "given"
    given.write_text("hunter2-hunter2-hunter2\n")
    capsys.readouterr()
    with given.open() as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        assert run(["secrets", "encrypt", "nats.password"]) == 0
    assert capsys.readouterr().out == "secrets/nats.sops.yaml · encrypted\n"
    assert run(["secrets", "decrypt", "nats.password"]) == 0
    assert capsys.readouterr().out == "hunter2-hunter2-hunter2\n"
    assert run(["secrets", "decrypt", "nats", "openobserve.email"]) == 0
    said = "nats.password: hunter2-hunter2-hunter2\nopenobserve.email: admin@homelab.internal\n"
    assert capsys.readouterr().out == said
    assert run(["secrets", "decrypt", "nat"]) == 1
    assert "did you mean nats?" in capsys.readouterr().err


def test_a_secret_that_only_a_person_has_gets_a_file_of_its_own(made: SecretLab) -> None:
    for path in made.place.folder.iterdir():
        path.unlink()
    made.place.folder.rmdir()
    assert put(made.lab, "tailscale.auth_key", "hunter2") == made.place.file("tailscale")
    assert dict(open_chosen(made.lab, ["tailscale"])["tailscale"]) == {"auth_key": "hunter2"}


def test_doctor_reminds_of_the_recovery_key_until_it_is_gone(made: SecretLab) -> None:
    found = {one.id: one for one in doctor.findings(made.lab)}
    assert (found["secrets.files"].state, found["secrets.key"].state) == ("ok", "ok")
    assert found["secrets.recovery"].state == "warn"
    made.place.recovery.unlink()
    made.place.key_file.chmod(0o644)
    found = {one.id: one for one in doctor.findings(made.lab)}
    assert "secrets.recovery" not in found
    assert found["secrets.key"].state == "fail"


def test_a_damaged_copy_of_the_data_key_is_told_apart_from_another_key(made: SecretLab) -> None:
    path = made.place.file("nats")
    lines = path.read_text().splitlines(keepends=True)
    for number, line in enumerate(lines):
        if "BEGIN AGE" in line:
            lines[number + 2] = lines[number + 2].swapcase()
    path.write_text("".join(lines))
    [told] = refusal(made, "nats")
    assert f" · the key is here ({made.place.key_file}), but what the file holds for it was damaged · " in told


def test_broken_rules_keep_nobody_from_reading(made: SecretLab) -> None:
    before = plain(made)
    made.place.rules.write_text('creation_rules: "\n')
    assert plain(made) == before
    assert [str(problem) for problem in problems(made.lab)] == [
        ".sops.yaml · no YAML · sops must be able to read it · remove the file, and ./lab secrets-init writes one"
    ]
