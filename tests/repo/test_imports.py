"""The arrows of the house: who may import whom."""

import subprocess
import sys
from pathlib import Path

import pytest
from tree import ROOT, imports, python

LAYERS = (
    {"units", "errors", "figure", "consumers"},
    {"document", "llm", "tools"},
    {"lab", "facts", "profile"},
    {"budget", "sops"},
    {"gates", "specs"},
    {"config", "situation", "imagined"},
    {"placement", "planner", "ways_out", "inference"},
    {"audit", "bars", "explain", "changes", "what_if", "difference", "plan_json", "poster"},
    {"local", "components", "hostvars", "policy", "kube"},
    {"drift", "phases", "images"},
    {"render", "sandbox", "engine", "guards", "validate"},
    {"doctor"},
    {"cli"},
)
"""Data goes through once: a room imports from its own layer or one above it in this list, never below."""

RANKS = {room: rank for rank, layer in enumerate(LAYERS) for room in layer}

HEAVY = {
    "ansible", "docling", "docling_core", "fastapi", "gguf", "nats", "numpy", "obstore", "onnx", "onnxruntime",
    "psycopg", "pulumi", "rich", "supervisor", "tokenizers", "uvicorn", "yake",
}  # fmt: skip


def room(module: str) -> str:
    """`homelab.specs.nats` → `specs`; empty for what is not ours."""
    package, _, rest = module.partition(".")
    return rest.split(".")[0] if package == "homelab" else ""


def room_of(path: Path) -> str:
    return path.relative_to("pulumi/homelab").parts[0].removesuffix(".py")


def test_only_the_program_its_components_and_its_phases_import_pulumi() -> None:
    allowed = ("pulumi/__main__.py", "pulumi/homelab/components", "pulumi/homelab/phases")
    strangers = [
        path
        for path in python("pulumi")
        if not any(path.is_relative_to(place) for place in allowed)
        and any(module.split(".")[0].startswith("pulumi") for module in imports(path))
    ]
    assert strangers == []


@pytest.mark.parametrize(
    ("folder", "barred"),
    [
        ("pipeline/pipeline", {"homelab", "pulumi", "embedder"}),
        ("servers/embedder/embedder", {"homelab", "pulumi", "pipeline"}),
    ],
)
def test_packages_with_images_of_their_own_know_nothing_of_the_planner(folder: str, barred: set[str]) -> None:
    strangers = {
        f"{path} imports {module}"
        for path in python(folder)
        for module in imports(path)
        if module.split(".")[0] in barred
    }
    assert strangers == set()


def test_no_room_reaches_back() -> None:
    back = {
        f"{path} imports {module}"
        for path in python("pulumi/homelab")
        if (own := room_of(path)) in RANKS
        for module in imports(path)
        if RANKS.get(room(module), 0) > RANKS[own]
    }
    assert back == set()


def test_every_room_has_a_rank() -> None:
    assert {room_of(path) for path in python("pulumi/homelab")} - {"__init__"} <= RANKS.keys()


@pytest.mark.parametrize(
    ("own", "barred"),
    [
        ("facts", {"homelab.profile", "homelab.lab"}),
        ("profile", {"homelab.facts", "homelab.lab"}),
        ("specs", {"kubernetes", "yaml", "jinja2"}),
        ("components", {"homelab.budget", "homelab.facts", "homelab.profile"}),
    ],
)
def test_each_room_knows_only_its_own_business(own: str, barred: set[str]) -> None:
    strangers = {
        f"{path} imports {module}"
        for path in python("pulumi/homelab")
        if room_of(path) == own
        for module in imports(path)
        if any(module == name or module.startswith(f"{name}.") for name in barred)
    }
    assert strangers == set()


def loaded_after(statement: str, *flags: str) -> set[str]:
    """The top-level modules that a fresh interpreter holds after `statement`."""
    script = f"import sys\n{statement}\nprint(*{{name.split('.')[0] for name in sys.modules}}, file=sys.stderr)"
    ended = subprocess.run([sys.executable, *flags, "-c", script], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return set(ended.stderr.splitlines()[-1].split())


def test_the_specs_load_without_pulumi() -> None:
    loaded = loaded_after("import homelab.specs")
    assert "homelab" in loaded
    assert not {name for name in loaded if name.startswith("pulumi")}


def test_help_loads_nothing_heavy() -> None:
    loaded = loaded_after("from homelab.cli import run\nassert run(['--help']) == 0")
    assert "typer" in loaded
    assert loaded & HEAVY == set()


def test_the_launcher_needs_the_standard_library_alone() -> None:
    at = f"sys.path.insert(0, {str(ROOT / 'pulumi')!r})"
    statement = f"{at}\nimport homelab.tools.environment, homelab.tools.launcher"
    loaded = loaded_after(statement, "-I", "-S")
    strangers = {name for name in loaded if name not in sys.stdlib_module_names}
    assert strangers == {"homelab", "__main__"} - sys.stdlib_module_names
