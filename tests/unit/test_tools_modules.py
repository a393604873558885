"""The Go modules that pin tools: what they require is what the pins promise, and it decides where a build lies."""

import re
import shutil
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from homelab.sandbox import control
from homelab.tools import GROUPS, TOOLS, Tool
from homelab.tools.build import build
from homelab.tools.recipes import MODULES, golang

ROOT = Path(__file__).parents[2]
GO_TOOLS = {name: tool for name, tool in TOOLS.items() if tool.source is not None}
REQUIRED = re.compile(r"^(?:require )?\t?(\S+\.\S+/\S+) (v\S+)(?: // indirect)?$", re.MULTILINE)


def required(module: Path) -> dict[str, str]:
    """What a go.mod requires: module → version."""
    return dict(REQUIRED.findall((module / "go.mod").read_text(encoding="utf-8")))


def builds(tool: Tool) -> dict[str, tuple[Path, str]]:
    """What a Go tool's `go build`s compile: program → (folder of the module that pins it, package)."""
    found: dict[str, tuple[Path, str]] = {}
    for step in tool.build:
        if step[0] == "go":
            folder = Path(step[step.index("-C") + 1].format(source=tool.source))
            target, *packages = step[step.index("-o") + 1 :]
            name = target.rpartition("/")[2]  # absent where the programs are called as their packages
            found |= {name or package.rpartition("/")[2]: (folder, package) for package in packages}
    return found


def owner(package: str, requires: dict[str, str]) -> str:
    """The module that a package belongs to: the longest whose path begins the package's."""
    return max((module for module in requires if f"{package}/".startswith(f"{module}/")), key=len)


@pytest.mark.parametrize(
    ("program", "module", "version"),
    [
        ("kube-apiserver", "k8s.io/kubernetes", "v1.36.2"),
        ("kubelet", "k8s.io/kubernetes", "v1.36.2"),
        ("etcd", "go.etcd.io/etcd/server/v3", "v3.6.14"),
        ("etcdctl", "go.etcd.io/etcd/etcdctl/v3", "v3.6.14"),
        ("pulumi", "github.com/pulumi/pulumi/pkg/v3", "v3.259.0"),
        ("pulumi-language-python", "github.com/pulumi/pulumi/sdk/v3", "v3.76.1"),
        ("sops", "github.com/getsops/sops/v3", "v3.13.2"),
        ("age", "filippo.io/age", "v1.3.2"),
        ("metrics-server", "sigs.k8s.io/metrics-server", "v0.9.0"),
        ("local-path-provisioner", "github.com/rancher/local-path-provisioner", "v0.0.30"),
        ("kwok", "sigs.k8s.io/kwok", "v0.8.0"),
        ("nats", "github.com/nats-io/natscli", "v0.4.0"),
    ],
)
def test_a_program_is_built_from_the_module_that_its_go_mod_pins(program: str, module: str, version: str) -> None:
    (tool,) = (tool for tool in GO_TOOLS.values() if program in tool.programs)
    folder, package = builds(tool)[program]
    found = owner(package, required(folder))
    assert (found, required(folder)[found]) == (module, version)
    assert f"{module} {version} h1:" in (folder / "go.sum").read_text(encoding="utf-8")
    assert f"v{tool.version}" == version or program == "pulumi-language-python"


def test_coredns_is_put_together_from_plugins_of_its_own_version() -> None:
    assert required(MODULES / "coredns")["github.com/coredns/coredns"] == f"v{TOOLS['coredns'].version}"


def test_coredns_has_the_plugins_that_the_corefile_names() -> None:
    named = re.findall(r"^    (\w+)", control.COREFILE, re.MULTILINE)
    content = (MODULES / "coredns/main.go").read_text(encoding="utf-8")
    assert sorted(re.findall(r"coredns/plugin/(\w+)", content)) == sorted(named)
    (order,) = re.findall(r"Directives = \[\]string{(.*)}", content)
    assert sorted(re.findall(r"\w+", order)) == sorted(named)


def test_the_collector_is_put_together_from_parts_of_its_own_version() -> None:
    requires = required(MODULES / "otelcol")
    parts = ("otelcol", "receiver/otlpreceiver", "processor/batchprocessor", "exporter/otlphttpexporter")
    assert {requires[f"go.opentelemetry.io/collector/{part}"] for part in parts} == {"v0.159.0"}
    assert TOOLS["otelcol"].version == "0.159.0"


def test_the_engine_calls_the_helpers_of_its_own_version() -> None:
    requires = required(MODULES / "pulumi/cli")
    assert requires["github.com/pulumi/pulumi/sdk/v3"] == requires["github.com/pulumi/pulumi/pkg/v3"]


def test_the_engine_is_of_the_version_of_the_python_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"pulumi=={TOOLS['pulumi'].version}" in project["optional-dependencies"]["cluster"]


def test_kubernetes_takes_its_staged_modules_of_its_own_minor_version() -> None:
    content = (MODULES / "kubernetes/go.mod").read_text(encoding="utf-8")
    staged = re.findall(r"^\t(k8s\.io/\S+) => (\S+) (\S+)$", content, re.MULTILINE)
    assert len(staged) == 33
    assert {(new, version) for _, new, version in staged} == {(old, "v0.36.2") for old, _, _ in staged}


@pytest.mark.parametrize(
    "together",
    [("kubernetes", "etcd", "coredns", "metrics-server", "local-path-provisioner"), ("pulumi/cli", "sops")],
    ids=lambda together: together[0],
)
def test_what_programs_have_in_common_is_of_one_version_and_so_compiled_once(together: tuple[str, ...]) -> None:
    versions: dict[str, set[str]] = {}
    for folder in together:
        for module, version in required(MODULES / folder).items():
            versions.setdefault(module, set()).add(version)
    staged = "v0.0.0"  # what Kubernetes replaces, by what another test wants
    assert {module: found for module, found in versions.items() if len(found - {staged}) > 1} == {}


def test_kubernetes_says_its_version_to_its_clients() -> None:
    for step in TOOLS["kubernetes"].build:
        (flags,) = (part for part in step if part.startswith("-ldflags="))
        for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version"):
            assert f"-X {package}.gitVersion=v1.36.2 -X {package}.gitMajor=1 -X {package}.gitMinor=36" in flags


def test_programs_that_are_called_as_their_packages_are_built_at_once() -> None:
    assert len(TOOLS["kubernetes"].build) == 1
    assert [step[-2:] for step in TOOLS["etcd"].build] == [
        ("{home}/bin/etcd", "go.etcd.io/etcd/server/v3"),
        ("{home}/bin/etcdctl", "go.etcd.io/etcd/etcdctl/v3"),
    ]


@pytest.mark.parametrize("tool", GO_TOOLS.values(), ids=lambda tool: tool.name)
def test_the_programs_of_a_pin_are_those_that_its_build_makes(tool: Tool) -> None:
    copied = {"pulumi-language-python-exec", "pulumi-resource-pulumi-python"} if tool.name == "pulumi" else set()
    assert set(tool.programs) == builds(tool).keys() | copied


@pytest.mark.parametrize("tool", TOOLS.values(), ids=lambda tool: tool.name)
def test_the_documents_say_which_programs_of_which_version(tool: Tool) -> None:
    row = f"| `{tool.name}` | {tool.version} | {', '.join(tool.programs)} |"
    assert row in (ROOT / "docs/tools.md").read_text(encoding="utf-8")


def test_every_module_belongs_to_a_tool_and_comes_with_its_checksums() -> None:
    modules = {path.parent for path in MODULES.rglob("go.mod")}
    assert [folder for folder in modules if required(folder) and not (folder / "go.sum").is_file()] == []
    assert modules == {folder for tool in GO_TOOLS.values() for folder, _ in builds(tool).values()}


def test_go_builds_nothing_that_a_persons_settings_would_change() -> None:
    for tool in GO_TOOLS.values():
        assert tool.environment == (
            ("CGO_ENABLED", "0"),
            ("GOFLAGS", "-buildvcs=false -mod=readonly -trimpath"),
            ("GOGC", "400"),
            ("GOMEMLIMIT", "1GiB"),
            ("GOTOOLCHAIN", "local"),
            ("GOWORK", "off"),
        )


@pytest.fixture
def age(tmp_path: Path) -> Tool:
    """The pin of age with a source of its own."""
    return replace(TOOLS["age"], source=shutil.copytree(MODULES / "age", tmp_path / "age"))


def test_where_the_checkout_lies_does_not_change_a_home(age: Tool) -> None:
    assert age.home == TOOLS["age"].home


@pytest.mark.parametrize("name", ["go.mod", "go.sum"])
def test_a_changed_module_has_a_home_of_its_own(age: Tool, name: str) -> None:
    assert age.source is not None
    with (age.source / name).open("a", encoding="utf-8") as file:
        file.write("\n")
    assert age.home != TOOLS["age"].home


def test_a_further_file_of_the_source_changes_the_home(age: Tool) -> None:
    assert age.source is not None
    (age.source / "main.go").touch()
    assert age.home != TOOLS["age"].home


def test_changed_flags_and_a_changed_environment_have_homes_of_their_own() -> None:
    age = TOOLS["age"]
    assert replace(age, environment=(*age.environment, ("GOAMD64", "v3"))).home != age.home
    plain = golang("age", "1.3.2", {"age": "filippo.io/age/cmd/age"}, takes="")
    told = golang("age", "1.3.2", {"age": "filippo.io/age/cmd/age"}, takes="", values={"main.Version": "v1"})
    assert plain.home != told.home


def test_a_build_is_given_its_source_and_its_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("GOFLAGS", "-mod=mod")
    source = tmp_path / "my modules"
    source.mkdir()
    (source / "greeting").write_text("#!/bin/sh\n")
    script = 'mkdir -p "$0/bin"; install -m 755 "$1/greeting" "$0/bin/greet"; echo "$GOFLAGS." >> "$0/bin/greet"'
    steps = (("sh", "-c", script, "{home}", "{source}"),)
    tool = Tool("greet", "1.2", ("greet",), steps, (), "a moment", source, (("GOFLAGS", ""),))
    build(tool)
    assert (tool.home / "bin/greet").read_text() == "#!/bin/sh\n.\n"


def test_a_group_names_tools_and_is_none_itself() -> None:
    assert {tool for group in GROUPS.values() for tool in group} <= set(TOOLS)
    assert set(GROUPS).isdisjoint(TOOLS)
