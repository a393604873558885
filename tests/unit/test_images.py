"""stacks/images.yaml and the tags of what is ours."""

import re
import shutil
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from homelab import profile
from homelab.consumers import CONSUMERS
from homelab.document import read
from homelab.errors import InvalidInput
from homelab.images import content, load, reference
from homelab.images.model import ROOT, Base, Catalogue, Ours

ELSEWHERE = {"timescaledb", "llama-server", "ollama"}
"""They run on hosts of their own, outside the cluster."""

UNBUILT = {"console", "mindsdb"}
"""Not deployed."""

TREE = {
    "pyproject.toml": '[project]\nversion = "1.2.3"\n[tool.uv]\npackage = true\n[tool.ruff]\nline-length = 80\n',
    "uv.lock": """
[[package]]
name = "ours"
version = "1"
dependencies = [{ name = "needed" }]
[[package]]
name = "needed"
version = "1"
[[package]]
name = "a-linter"
version = "1"
""",
    "one/Containerfile": "FROM scratch\nCOPY pyproject.toml uv.lock ./\nCOPY one/data /data\nCOPY --from=x y /\n",
    "one/data/file": "content",
}
BASE = Base(suite="bookworm", image="registry.lan/debian:12", updated="2026-01-01")
ONE = Ours(
    containerfile="one/Containerfile", base="bookworm", version="1.0", arm64="yes", uid=10001, package="ours"
)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, text in TREE.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize("consumer", [name for name in CONSUMERS if name not in ELSEWHERE | UNBUILT])
def test_every_consumer_of_the_cluster_has_an_image(consumer: str) -> None:
    assert load().of(consumer) is not None


def test_the_stages_and_the_api_share_one_image() -> None:
    assert {load().of(name) for name in ("extract", "chunk", "embed", "graph", "api")} == {"pipeline"}


def test_a_node_is_not_given_what_a_person_starts_elsewhere() -> None:
    catalogue = load()
    assert set(catalogue.ours) - set(catalogue.deployed("own")) == {"cognee", "openclaw"}


def test_a_node_is_given_cognee_where_the_profile_chooses_it() -> None:
    catalogue = load()
    assert set(catalogue.ours) - set(catalogue.deployed("cognee")) == {"openclaw"}


def test_a_node_is_given_what_is_placed_on_it_and_the_image_that_first_steps_run_from() -> None:
    catalogue = load()
    assert set(catalogue.deployed("own", ["nats", "garage"])) == {"nats", "garage", "pipeline"}
    assert set(catalogue.deployed("cognee", ["nats", "graph"])) == {"nats", "pipeline", "cognee"}
    assert set(catalogue.deployed("cognee", ["nats"])) == {"nats", "pipeline"}


def test_profiles_that_memory_decides_between_agree_on_who_makes_the_graph() -> None:
    """So that a node's images are known before its memory is."""
    assert {profile.load("auto", ram_mib=mib).rules.graph.engine for mib in (8_000, 31_000, 64_000)} == {"own"}


def test_no_image_runs_as_root() -> None:
    catalogue = load()
    assert all(image.uid >= 26 for image in (*catalogue.ours.values(), *catalogue.vendor.values()))


@pytest.mark.parametrize("name", load().ours)
def test_the_containerfile_says_what_images_yaml_says(name: str) -> None:
    image = load().ours[name]
    text = (ROOT / image.containerfile).read_text()
    base = load().base(image)
    assert re.findall(r"^ARG BASE=(.+)$", text, re.MULTILINE) == ([] if base is None else [base.image])
    assert re.findall(r"^USER (.+)$", text, re.MULTILINE)[-1] == f"{image.uid}:{image.uid}"


def test_every_containerfile_is_one_of_the_images() -> None:
    places = [*ROOT.glob("*/Containerfile"), *ROOT.glob("servers/*/Containerfile")]
    assert {str(path.relative_to(ROOT)) for path in places} == {
        image.containerfile for image in load().ours.values()
    }


@pytest.mark.parametrize("name", ["nats", "oxigraph", "postgres"])
def test_a_wheel_in_an_image_is_the_one_of_the_lock(name: str) -> None:
    told = (ROOT / f"servers/{name}/requirements.txt").read_text()
    [(package, version)] = re.findall(r"^([a-z-]+)==(\S+)", told, re.MULTILINE)
    lock = (ROOT / "uv.lock").read_text()
    [entry] = re.findall(
        rf'\[\[package\]\]\nname = "{package}"\nversion = "{version}"\n.*?(?=\n\[\[|\Z)', lock, re.DOTALL
    )
    hashes = re.findall(r"sha256:[0-9a-f]{64}", told)
    assert hashes
    assert [digest for digest in hashes if digest not in entry] == []


def test_cognees_lock_asks_for_what_the_pipeline_asks_for() -> None:
    """It is installed as locked, without a look at what is locked: a package that was added would be missing."""
    packages = tomllib.loads((ROOT / "servers/cognee/uv.lock").read_text())["package"]
    [ours] = (package for package in packages if package["name"] == "homelab-pipeline")
    locked = {need["name"]: need["specifier"] for need in ours["metadata"]["requires-dist"]}
    project = tomllib.loads((ROOT / "pipeline/pyproject.toml").read_text())["project"]
    asked = {one.name: str(one.specifier) for one in map(Requirement, project["dependencies"])}
    assert locked == asked, "uv lock --project servers/cognee"


def test_a_reference_names_the_registry_the_project_and_the_content() -> None:
    assert re.fullmatch(r"localhost/homelab/nats:0\.1\.0-[0-9a-f]{12}", reference("nats"))
    assert reference("nats", "registry.lan:5000/lab").startswith("registry.lan:5000/lab/homelab/nats:0.1.0-")
    assert reference("openobserve", "registry.lan:5000") == "o2cr.ai/openobserve/openobserve:v0.92.2"


def test_the_same_files_give_the_same_tag_wherever_they_lie(
    tree: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other") / "tree"
    shutil.copytree(tree, other)
    (other / "one/data/__pycache__").mkdir()
    (other / "one/data/__pycache__/file.pyc").write_text("compiled")
    assert content.tag(ONE, BASE, tree) == content.tag(ONE, BASE, other)
    assert content.tag(ONE, BASE, tree).startswith("1.2.3-")


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("one/Containerfile", " /data", " /elsewhere"),
        ("one/data/file", "content", "other"),
        ("pyproject.toml", "package = true", "package = false"),
        ("uv.lock", 'name = "needed"\nversion = "1"', 'name = "needed"\nversion = "2"'),
    ],
)
def test_a_changed_input_gives_another_tag(tree: Path, file: str, old: str, new: str) -> None:
    before = content.tag(ONE, BASE, tree)
    change(tree / file, old, new)
    assert content.tag(ONE, BASE, tree) != before


def test_a_new_file_among_the_copied_gives_another_tag(tree: Path) -> None:
    before = content.tag(ONE, BASE, tree)
    (tree / "one/data/more").write_text("")
    assert content.tag(ONE, BASE, tree) != before


def test_a_later_base_gives_another_tag(tree: Path) -> None:
    later = Base(suite="bookworm", image="registry.lan/debian:12", updated="2026-02-01")
    assert content.tag(ONE, later, tree) != content.tag(ONE, BASE, tree)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("pyproject.toml", "line-length = 80", "line-length = 100"),
        ("uv.lock", 'name = "a-linter"\nversion = "1"', 'name = "a-linter"\nversion = "2"'),
    ],
)
def test_what_only_developers_use_changes_no_tag(tree: Path, file: str, old: str, new: str) -> None:
    before = content.tag(ONE, BASE, tree)
    change(tree / file, old, new)
    assert content.tag(ONE, BASE, tree) == before


def test_a_copied_file_that_is_not_there_is_named(tree: Path) -> None:
    (tree / "one/data/file").unlink()
    with pytest.raises(InvalidInput) as refused:
        content.tag(ONE, BASE, tree)
    assert str(refused.value) == "one/Containerfile · COPY one/data · it must exist · mend the line"


SOUND = """\
bases:
  bookworm: {suite: bookworm, image: registry.lan/debian:12, updated: "2026-01-01"}
ours:
  nats: {containerfile: n, base: bookworm, version: 1.0.0, arm64: yes, uid: 1000, consumers: [nats]}
vendor:
  other: {image: registry.lan/other, tag: v1, arm64: no, uid: 1000, consumers: [openobserve]}
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("tag: v1", "tag: latest", "'latest' · must name one version: such a tag moves · write such as v1.2.3"),
        ("base: bookworm", "base: bokworm", "'bokworm' · no such base · did you mean bookworm?"),
        ("uid: 1000, consumers: [nats]", "uid: 0, consumers: [nats]", "0 · must be at least 1"),
        ("[openobserve]", "[nats]", "'nats' · nats is its image already · keep it at one of them"),
        ("[openobserve]", "[openobserv]", "'openobserv' · no such consumer · did you mean openobserve?"),
        (
            "image: registry.lan/other",
            "image: other",
            "'other' · must be a registry and a repository, without a tag",
        ),
    ],
)
def test_a_wrong_line_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = tmp_path / "images.yaml"
    path.write_text(SOUND)
    assert read(path, Catalogue).of("openobserve") == "other"
    change(path, old, new)
    with pytest.raises(InvalidInput) as refused:
        read(path, Catalogue)
    assert said in str(refused.value)
