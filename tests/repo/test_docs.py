"""What the documents say exists, and what exists is said in the documents."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from tree import ROOT, files, recipes, text

from homelab.cli.commands import COMMANDS, GROUPS

README = text("README.md")
DOCUMENTS = [
    path for path in files() if path.suffix == ".md" and (path.parts[0] == "docs" or len(path.parts) == 1)
]
DECISIONS = [path for path in DOCUMENTS if path.is_relative_to("docs/decisions")]
SHELL = {"export", "apt", "cd", "cp", "git", "sudo", "curl", "docker"}
"""What a shown command line may begin with beside our own verbs."""


def command_lines(path: Path) -> Iterator[str]:
    """The lines of shell blocks, our own verbs in other blocks and in running text. Output is left out."""
    content = text(path)
    for language, block in re.findall(r"^```(\w*)\n(.*?)^```", content, re.DOTALL | re.MULTILINE):
        lines = [line for line in block.splitlines() if line.strip()]
        session = language not in {"sh", "bash"} or any(line.startswith("$ ") for line in lines)
        yield from (line.removeprefix("$ ") for line in lines if not session or line.startswith(("$ ", "./lab")))
    prose = re.sub(r"^```.*?^```", "", content, flags=re.DOTALL | re.MULTILINE)
    yield from re.findall(r"`((?:\./lab|homelab) [^`]*)`", prose)


@pytest.mark.parametrize("recipe", sorted(recipes()))
def test_every_recipe_is_named_in_the_documents(recipe: str) -> None:
    said = re.compile(rf"(?:\./lab |just |`){re.escape(recipe)}\b(?!-)")
    assert [str(path) for path in DOCUMENTS if said.search(text(path))], f"nothing tells what ./lab {recipe} does"


def test_every_command_line_shown_exists() -> None:
    verbs = {row.name.split()[0] for row in COMMANDS}
    unknown: list[str] = []
    for path in DOCUMENTS:
        for line in command_lines(path):
            words = shlex.split(line, comments=True)
            while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
                words = words[1:]
            if not words:
                continue
            program, verb = words[0], next((word for word in words[1:] if not word.startswith("-")), "")
            if program in {"./lab", "just", "lab"}:
                known = verb in {"", "RECIPE"} or verb in recipes()
            elif program in {"homelab", ".venv/bin/homelab"}:
                known = verb in verbs
            elif program == "uv":
                known = verb in {"lock", "run", "sync", "add"}
            else:
                known = program in SHELL or (ROOT / program).is_file()
            if not known:
                unknown.append(f"{path}: {line}")
    assert unknown == []


def test_every_command_that_a_recipe_calls_exists() -> None:
    called = re.findall(r"\{\{ homelab \}\}(?: --lab \S+)? ([a-z-]+(?: [a-z]+)?)", text("justfile"))
    assert called
    assert [command for command in called if command not in {row.name for row in COMMANDS} | GROUPS.keys()] == []


def test_every_top_level_folder_is_explained_in_the_readme() -> None:
    folders = {path.parts[0] for path in files() if len(path.parts) > 1 and not path.parts[0].startswith(".")}
    assert [folder for folder in sorted(folders) if f"{folder}/" not in README] == []


def test_every_profile_is_named_in_the_readme() -> None:
    profiles = [path.stem for path in files() if path.parent == Path("profiles") and path.suffix == ".yaml"]
    assert profiles
    assert [name for name in profiles if name not in README] == []


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_every_decision_has_its_context_and_its_consequences(path: Path) -> None:
    assert re.fullmatch(r"\d{4}-[a-z0-9-]+", path.stem)
    headings = re.findall(r"^## (.+)$", text(path), re.MULTILINE)
    assert headings == ["Context", "Decision", "Consequences"]


def test_decisions_are_numbered_without_gaps() -> None:
    assert [int(path.stem[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))
    assert DECISIONS


def test_every_link_between_documents_leads_somewhere() -> None:
    broken = [
        f"{path}: {target}"
        for path in DOCUMENTS
        for target in re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", text(path))
        if not (ROOT / path.parent / target).exists()
    ]
    assert broken == []
