"""How a tool is built from source: a crate by cargo, packages of other people's Go modules by a module of ours."""

from collections.abc import Mapping
from pathlib import Path

from homelab.tools.needs import Need
from homelab.tools.tool import Tool

MODULES = Path(__file__).resolve().parents[3] / "sandbox/tools"
GO = Need("go", how="install Go 1.26 or newer from your system or https://go.dev/dl (Debian's own is too old)")
GO_ENVIRONMENT = (
    ("CGO_ENABLED", "0"),
    # An empty value would let a person's own flags in. No stamps of the checkout: Git refuses to read one that
    # belongs to somebody else, and a commit changes no tool.
    ("GOFLAGS", "-buildvcs=false -mod=readonly -trimpath"),
    # The compiler collects its garbage less often, an eighth of the time, until a process has a gigabyte.
    ("GOGC", "400"),
    ("GOMEMLIMIT", "1GiB"),
    ("GOTOOLCHAIN", "local"),  # the compiler that is here, or a refusal that names the version: none is downloaded
    ("GOWORK", "off"),
)
GO_COMPILER = "-gcflags=all=-dwarf=false"  # the linker leaves it out (-w), so none is made: an eighth of the time
CARGO_PROFILE = (
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "s"),  # as Garage's own releases are, whose profile a crate does not carry
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
)
"""What is built must not depend on a person's settings; where modules are fetched from (GOPROXY) stays theirs."""


def cargo(name: str, version: str, *, programs: tuple[str, ...], features: tuple[str, ...], takes: str) -> Tool:
    """A crate with these features and no others, built with the versions that its own lock file names."""
    command = ("cargo", "install", name, "--version", version, "--locked", "--no-track")
    chosen = ("--no-default-features", "--features", ",".join(features))
    return Tool(
        name,
        version,
        programs,
        ((*command, *chosen, "--root", "{home}", "--target-dir", "{work}"),),
        (
            Need("cc", package="build-essential"),
            Need("cargo", how="install Rust with rustup (Debian's own is too old)"),
        ),
        takes,
        environment=CARGO_PROFILE,
    )


def golang(
    name: str,
    version: str,
    packages: Mapping[str, str],
    *,
    takes: str,
    values: Mapping[str, str] | None = None,
    more: tuple[tuple[str, ...], ...] = (),
    more_programs: tuple[str, ...] = (),
    module: str = "",
) -> Tool:
    """`packages` maps each program to the package that is its main; sandbox/tools/`name` pins all their modules.

    A module of our own, since `go install package@version` refuses modules with `replace` lines. `values` are set
    by the linker (where a program keeps its version); `module` is the module's folder below sandbox/tools/`name`;
    `more` are further steps of the build, which bring `more_programs`.
    """
    flags = " ".join(["-s -w", *(f"-X {variable}={value}" for variable, value in (values or {}).items())])
    # `go build` names a program after its package; those that are called so are built at once.
    alike = [package for program, package in packages.items() if package.rpartition("/")[2] == program]
    others = {program: package for program, package in packages.items() if package not in alike}
    return Tool(
        name,
        version,
        (*packages, *more_programs),
        (
            *([go_build(module, "", *alike, flags=flags)] if alike else []),
            *(go_build(module, program, package, flags=flags) for program, package in others.items()),
            *more,
        ),
        (GO,),
        takes,
        MODULES / name,
        GO_ENVIRONMENT,
    )


def go_build(module: str, program: str, *packages: str, flags: str = "-s -w") -> tuple[str, ...]:
    """`program` from its package, or, where it is "", a program from each package under the package's name.

    `-v` names every package while it is compiled, which is the progress that a person sees.
    """
    folder = f"{{source}}/{module}".rstrip("/")
    return (
        "go",
        "-C",
        folder,
        "build",
        "-v",
        GO_COMPILER,
        f"-ldflags={flags}",
        "-o",
        f"{{home}}/bin/{program}",
        *packages,
    )
