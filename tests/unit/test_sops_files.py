"""Files of secrets as anybody can read them: refused with exactly these lines, and no value in any of them."""

from pathlib import Path

import pytest

from homelab.errors import SecretsError
from homelab.lab import load
from homelab.sops import Place, problems, rules
from homelab.sops.mapping import Secret, Secrets
from homelab.sops.place import standard_key_file
from homelab.sops.reading import decrypt

FIXTURES = Path(__file__).parents[1] / "fixtures"
IN_CLEAR = sorted((FIXTURES / "secrets-in-clear").glob("*.yaml"))
BAD_RULES = sorted((FIXTURES / "secrets-rules-invalid").glob("*.yaml"))
LAB = "version: 1\nhosts: {desktop: {address: local}}\ncluster: {context: here}\n"
A = "age1ssdnqaj7c57k7pesf7pe9vjqgstpj5x4qwgeg8fcr5n54tu73ursmgwlu8"
B = "age14x3jrsjhspq0qll3kd267d6rdl83mjtav4qahhqz0af53nqn85usn677x0"
SEALED = "password: ENC[AES256_GCM,data:x,type:str]\nsops: {{age: [{{recipient: {}, enc: x}}], mac: x}}\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secrets").mkdir()
    (tmp_path / "lab.yaml").write_text(LAB)
    return Place(tmp_path / "secrets", tmp_path / "keys.txt")


def clean(refusal: SecretsError) -> bool:
    return (
        "hunter2" not in repr(refusal).lower()
        and refusal.__cause__ is None
        and (refusal.__suppress_context__ or refusal.__context__ is None)
    )


@pytest.mark.parametrize("case", IN_CLEAR, ids=lambda path: path.stem)
def test_a_file_that_is_not_encrypted_is_refused_without_a_value_in_the_message(case: Path, here: Place) -> None:
    here.file("nats").write_bytes(case.read_bytes())
    with pytest.raises(SecretsError) as refusal:
        decrypt(here, here.file("nats"))
    assert str(refusal.value) + "\n" == case.with_suffix(".expected").read_text("utf-8")
    assert clean(refusal.value)


@pytest.mark.parametrize("case", BAD_RULES, ids=lambda path: path.stem)
def test_rules_that_sops_or_we_could_not_keep_are_refused(case: Path, here: Place) -> None:
    here.rules.write_bytes(case.read_bytes())
    with pytest.raises(SecretsError) as refusal:
        rules.recipients(here)
    assert str(refusal.value) + "\n" == case.with_suffix(".expected").read_text("utf-8")
    assert clean(refusal.value)


@pytest.mark.parametrize("age", [f'"{A},{B}"', f"[{A}, {B}]", f'"{A}, {B}"', f"[{A}, {B}, {A}]"])
def test_recipients_are_read_as_sops_reads_them(age: str, here: Place) -> None:
    here.rules.write_text(f"creation_rules: [{{path_regex: other/, age: x}}, {{age: {age}}}]\n")
    assert rules.recipients(here) == (A, B)


def test_rules_that_were_written_are_read_back(here: Place) -> None:
    rules.write(here, (A, B))
    assert rules.recipients(here) == (A, B)
    with pytest.raises(FileExistsError):
        rules.write(here, (B, A))


def test_what_is_wrong_is_told_of_every_file_at_once(here: Place) -> None:
    rules.write(here, (A, B))
    here.file("nats").write_text(SEALED.format(A))
    here.file("supabase").write_text("password: hunter2\n")
    here.file("own").write_text("pin: hunter2\n")
    (here.folder / "keys.txt").write_text("AGE-SECRET-KEY-1HUNTER2\n")
    told = [str(problem) for problem in problems(load(Path("lab.yaml")))]
    assert told[0] == (
        f"secrets/nats.sops.yaml · not encrypted for {B} · it is for all of .sops.yaml · "
        "./lab secrets-init encrypts it anew"
    )
    assert told[1].startswith("secrets/supabase.sops.yaml · in clear: password · ")
    assert told[2] == (
        "secrets/garage.sops.yaml · no such file · the platform needs it · ./lab secrets-init makes it"
    )
    assert told[-2].startswith("secrets/own.sops.yaml · in clear: pin · ")
    assert told[-1].startswith("secrets/keys.txt · a private age key (not shown) · ")
    assert "hunter2" not in "".join(told).lower()
    assert len(told) == 10  # nats, supabase, six files that are absent, own, the key


def test_a_recipient_that_the_rules_do_not_name_is_a_problem(here: Place) -> None:
    rules.write(here, (B, "age1" + "q" * 58))
    here.file("nats").write_text(SEALED.format(A))
    told = [str(problem) for problem in problems(load(Path("lab.yaml")))]
    assert told[2] == (
        f"secrets/nats.sops.yaml · encrypted for {A} too · it is for those of .sops.yaml alone · "
        "./lab secrets-init encrypts it anew"
    )


def test_values_show_in_no_text_of_their_mapping() -> None:
    secrets = Secrets({"nats": Secret({"password": "hunter2"})})
    assert secrets["nats"]["password"] == "hunter2"
    assert f"{secrets!r} {secrets} {secrets['nats']!r} {dict(secrets)} {[*secrets.values()]}" == (
        "Secrets(nats) Secrets(nats) Secret(password) {'nats': Secret(password)} [Secret(password)]"
    )
    with pytest.raises(KeyError, match=r"^'user'$"):
        secrets["nats"]["user"]
    with pytest.raises(TypeError, match="does not support item assignment"):
        secrets["nats"]["password"] = "x"  # type: ignore[index]
    with pytest.raises(TypeError, match="stay where they were read"):
        __import__("pickle").dumps(secrets)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"SOPS_AGE_KEY_FILE": "/keys/age.txt", "XDG_CONFIG_HOME": "/config"}, "/keys/age.txt"),
        ({"XDG_CONFIG_HOME": "/config"}, "/config/sops/age/keys.txt"),
        ({"HOME": "/home/ada"}, "/home/ada/.config/sops/age/keys.txt"),
    ],
)
def test_the_key_lies_where_sops_looks(
    environ: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SOPS_AGE_KEY_FILE", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.platform", "linux")
    assert standard_key_file() == Path(expected)
