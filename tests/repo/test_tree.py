"""What may lie in the tree, and what may stand in its files."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tree import ROOT, files, python, text

from homelab.tools import index

WRITTEN = {".py", ".yml", ".yaml", ".j2", ".sh", ".md", ".toml", ".sql", ".html", ".css", ".js", ".example"}
LONGEST = 300  # lines; one noun per file
GENERATED = ("uv.lock", "LICENSE")


def written() -> list[Path]:
    """What people write: neither lock files nor recorded outputs, samples and other data."""
    return [
        path
        for path in files()
        if path.name not in GENERATED
        and not {"fixtures", "snapshots"} & set(path.parts)
        and not path.is_relative_to("samples")
        and (path.suffix in WRITTEN or path.name in {"justfile", "lab", "run"})
    ]


@pytest.mark.parametrize("folder", ["pulumi", "secrets"])
def test_no_folder_hides_a_module_of_the_same_name(folder: str) -> None:
    assert not (ROOT / folder / "__init__.py").exists()


def test_no_file_is_longer_than_a_person_reads_at_once() -> None:
    long = {str(path): count for path in written() if (count := len(text(path).splitlines())) > LONGEST}
    assert long == {}


def test_nothing_is_left_for_later() -> None:
    mark = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
    assert [str(path) for path in written() if mark.search(text(path))] == []


def test_no_host_of_a_package_registry_is_named_but_as_the_default_index() -> None:
    hosts = re.compile(
        r"pypi\.org|pythonhosted\.org|crates\.io|proxy\.golang\.org|registry\.npmjs|deb\.debian\.org"
    )
    found = {str(path): hosts.findall(text(path)) for path in written() if hosts.search(text(path))}
    assert found == {"pulumi/homelab/tools/index.py": [urlsplit(index.PUBLIC).hostname]}


def test_no_path_of_one_machine_is_named() -> None:
    place = re.compile(r"(?<![\w.{}$])/(?:work|root)/\w+")
    named = {
        str(path): place.findall(text(path)) for path in written() if path != Path(__file__).relative_to(ROOT)
    }
    assert {path: found for path, found in named.items() if found} == {}


def test_templates_and_config_files_do_no_arithmetic() -> None:
    product = re.compile(r"\{\{[^}]*[*/][^}]*\}\}")
    templates = [path for path in files() if path.suffix == ".j2"]
    assert {str(path): found for path in templates if (found := product.findall(text(path)))} == {}


def test_every_test_file_has_a_name_of_its_own() -> None:
    names = [path.name for path in python("tests") if path.name.startswith("test_")]
    assert sorted(names) == sorted(set(names))
