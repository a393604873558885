"""The table of secrets: what it makes is what its products accept, and what the documents say."""

import math
import re
from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest

from homelab.lab import Lab, load
from homelab.sops import TABLE, Row, wanted
from homelab.sops.values import alphanumeric, password, token

DRAWS = 500
MADE = [row for row in TABLE if row.bits]


def name(row: Row) -> str:
    return f"{row.name}.{row.key}"


def entropy(text: str) -> float:
    """Shannon's, in bits a character of this very text."""
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())


def of(path: Path, more: str = "") -> Lab:
    path.write_text(f"version: 1\nhosts: {{desktop: {{address: local}}}}\n{more}")
    return load(path)


def row(named: str) -> Row:
    [found] = [row for row in TABLE if name(row) == named]
    return found


def draws(named: str) -> list[str]:
    make = row(named).make
    assert make is not None
    return [make() for _ in range(DRAWS)]


@pytest.mark.parametrize("row", MADE, ids=name)
def test_what_is_made_has_the_form_that_is_asked_of_a_person(row: Row) -> None:
    assert row.make is not None
    made = {row.make() for _ in range(DRAWS)}
    assert len(made) == DRAWS
    assert [value for value in made if not row.form.holds(value)] == []


@pytest.mark.parametrize(
    ("make", "bits"),
    [(token("n", 24), 192), (token("", 32), 256), (token("GK", 12), 96)],
)
def test_hex_has_four_bits_a_digit(make: object, bits: int) -> None:
    assert callable(make)
    assert len(make().removeprefix("n").removeprefix("GK")) * 4 == bits


def test_letters_and_digits_have_the_bits_that_the_table_says() -> None:
    # log2(62) = 5.954; 48 of them 285.8, 32 of them 190.5
    assert len(alphanumeric(48)()) == 48
    assert {row.bits for row in TABLE if row.name == "contextforge"} == {285, 190, 0}
    assert len(password(32)()) == 36
    assert min(row.bits for row in MADE if row.key != "access_key") == 190


def test_the_sign_of_every_alphabet_is_drawn() -> None:
    assert len(set("".join(draws("contextforge.jwt_secret")))) == 62


@pytest.mark.parametrize("named", ["contextforge.jwt_secret", "contextforge.encryption_secret"])
def test_contextforge_takes_its_secrets_for_strong(named: str) -> None:
    """Its start refuses under 32 characters and under 3.5 bits a character."""
    assert all(len(value) >= 32 and entropy(value) >= 3.5 for value in draws(named))


@pytest.mark.parametrize("named", [name(row) for row in TABLE if row.key.endswith("password") and row.bits == 190])
def test_a_password_has_every_kind_of_character_and_no_trouble(named: str) -> None:
    """OpenObserve: 8 to 128 with upper, lower, digit, other. ContextForge: 12 at least, 22 for administrators."""
    for value in draws(named):
        assert 22 <= len(value) <= 128
        assert all(any(kind(c) for c in value) for kind in (str.isupper, str.islower, str.isdigit))
        assert re.search(r'[!@#$%^&*(),.?":{}|<>]', value)
        assert re.fullmatch(r"[A-Za-z0-9.]+", value)  # nothing that a shell, a URL or an env file reads otherwise


def test_litellm_takes_its_key_for_no_known_one() -> None:
    publicly_known = sha256(b"sk-1234").hexdigest()
    assert all(
        value.startswith("sk-") and sha256(value.encode()).hexdigest() != publicly_known
        for value in draws("litellm.master_key")
    )


def test_garage_reads_its_keys() -> None:
    for value in draws("garage.rpc_secret") + draws("garage.secret_key"):
        assert len(bytes.fromhex(value)) == 32
    for value in draws("garage.access_key"):
        assert value.startswith("GK")
        assert len(bytes.fromhex(value.removeprefix("GK"))) == 12


@pytest.mark.parametrize(
    ("named", "refused"),
    [
        ("nats.password", "short"),
        ("nats.password", "long enough, but with spaces"),
        ("garage.rpc_secret", "g" * 64),
        ("garage.access_key", "GK" + "A" * 24),
        ("litellm.master_key", "pk-0123456789abcdef0"),
        ("openobserve.password", "alllowercase1."),
        ("openobserve.password", "NoSpecialSign1"),
        ("contextforge.jwt_secret", "x" * 31),
        ("openobserve.email", "root"),
        ("models.chat_api_key", ""),
    ],
)
def test_a_persons_own_value_is_held_to_the_same_form(named: str, refused: str) -> None:
    assert not row(named).form.holds(refused)


def test_a_model_key_is_wanted_only_where_lab_yaml_names_its_file(tmp_path: Path) -> None:
    without = of(tmp_path / "without.yaml")
    chat = "models: {chat: {endpoint: 'http://gpu.lan/v1', model: qwen3, api_key_file: chat.key}}\n"
    with_chat = of(tmp_path / "with.yaml", chat)
    assert "models" not in wanted(without)
    assert [row.key for row in wanted(with_chat)["models"]] == ["chat_api_key"]
    assert row("models.chat_api_key").source(with_chat) == tmp_path / "chat.key"


def test_the_documents_hold_the_table_as_it_is() -> None:
    lines = (Path(__file__).parents[2] / "docs/secrets.md").read_text("utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| `")]
    told = [[*row[:3], row[4], row[5]] for row in cells if len(row) == 6]
    assert told == [[f"`{row.name}`", f"`{row.key}`", row.form.words, str(row.bits), row.reader] for row in TABLE]


def test_every_secret_of_the_contract_is_there() -> None:
    assert {row.name for row in TABLE} >= {
        "garage", "supabase", "nats", "litellm", "timescale", "openobserve", "contextforge"
    }  # fmt: skip
