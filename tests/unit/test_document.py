"""The door for files: whatever stands in one, it is a model or an InvalidInput with the lines at fault."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homelab.document import Document, read
from homelab.errors import InvalidInput, Problem


class Disk(Document):
    size_gib: int
    tags: tuple[str, ...] = ()


class Machine(Document):
    name: str
    disks: tuple[Disk, ...] = ()
    password: int | None = None


def refused(path: Path) -> list[str]:
    with pytest.raises(InvalidInput) as refusal:
        read(path, Machine)
    return str(refusal.value).splitlines()


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_json_is_read_as_strictly_as_yaml_and_its_places_have_no_lines() -> None:
    path = Path("machine.json")
    path.write_text('{"name": "nas", "disks": [{"size_gib": 4000}, {"colour": 5}]}')
    assert refused(path) == [
        "machine.json disks[1].size_gib · this key is required · add 'size_gib: …'",
        "machine.json disks[1].colour · 5 · no such key here · known are size_gib, tags",
    ]


def test_json_names_keys_that_stand_twice_and_the_line_where_it_ends_to_be_json() -> None:
    path = Path("machine.json")
    path.write_text('{"name": "nas", "name": "pi"}')
    assert refused(path) == ["machine.json name · written more than once · a key stands once · keep one of them"]
    path.write_text('{"name":\n "nas",\n}')
    assert refused(path)[0].startswith("machine.json:3 · ")
    path.write_text("[" * 100_000)
    assert refused(path)[0].startswith("machine.json · RecursionError · ")


def test_json_with_a_byte_order_mark_is_read() -> None:
    path = Path("machine.json")
    path.write_bytes(b'\xef\xbb\xbf{"name": "nas"}')
    assert read(path, Machine) == Machine(name="nas")


def test_a_list_item_is_found_on_its_own_line() -> None:
    path = Path("machine.yaml")
    path.write_text("name: nas\ndisks:\n  - size_gib: 4000\n  - size_gib: many\n    tags:\n      - a\n      - 1\n")
    assert refused(path) == [
        "machine.yaml:4 disks[1].size_gib · 'many' · must be a whole number",
        "machine.yaml:7 disks[1].tags[1] · 1 · must be a text",
    ]


def test_the_value_of_a_secret_is_never_shown() -> None:
    path = Path("machine.yaml")
    path.write_text("name: nas\npassword: hunter2\ntoken: hunter2\n")
    assert refused(path) == [
        "machine.yaml:2 password · (not shown) · must be a whole number",
        "machine.yaml:3 token · (not shown) · no such key here · known are name, disks, password",
    ]


def test_a_long_value_is_cut_and_kept_on_one_line() -> None:
    path = Path("machine.yaml")
    path.write_text("name: nas\ndisks:\n  - size_gib: |\n      " + "x" * 30 + "\n      " + "y" * 30 + "\n")
    shown = "'" + "x" * 30 + "\\n" + "y" * 7 + "…'"
    assert refused(path) == [f"machine.yaml:3 disks[0].size_gib · {shown} · must be a whole number"]


@given(st.text(alphabet="ab: \n\t-[]{}&*!|>'\"#?,%@`~.0x1e\r\x07é", max_size=60))
def test_any_text_is_a_model_or_refused(text: str) -> None:
    path = Path("any.yaml")
    path.write_bytes(text.encode())
    problems: tuple[Problem, ...] | None = None
    try:
        read(path, Machine)
    except InvalidInput as refusal:
        problems = refusal.problems
    assert problems is None or (problems and all(problem.where.startswith("any.yaml") for problem in problems))
