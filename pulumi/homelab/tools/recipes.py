"""How a tool is built from source: a crate by cargo, packages of other people's Go modules by a module of ours."""

from collections.abc import Mapping
from pathlib import Path

from homelab.tools.needs import Need
from homelab.tools.tool import Tool

MODULES = Path(__file__).resolve().parents[3] / "sandbox/tools"
GO = Need("go", how="install Go 1.26 or newer from your system or https://go.dev/dl (Debian's own is too old)")
# What is built must not depend on a person's settings; where modules are fetched from (GOPROXY) stays theirs.
GO_ENVIRONMENT = (("CGO_ENABLED", "0"), ("GOFLAGS", ""), ("GOTOOLCHAIN", "local"), ("GOWORK", "off"))


def cargo(name: str, version: str, *, programs: tuple[str, ...], takes: str) -> Tool:
    """A crate built with the versions that its own lock file names."""
    command = ("cargo", "install", name, "--version", version, "--locked", "--no-track")
    return Tool(
        name,
        version,
        programs,
        ((*command, "--root", "{home}", "--target-dir", "{work}"),),
        (
            Need("cc", package="build-essential"),
            Need("cargo", how="install Rust with rustup (Debian's own is too old)"),
        ),
        takes,
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
    module: str = ".",
) -> Tool:
    """`packages` maps each program to the package that is its main; sandbox/tools/`name` pins all their modules.

    A module of our own, since `go install package@version` refuses modules with `replace` lines. `values` are set
    by the linker (where a program keeps its version); `module` is the module's folder below sandbox/tools/`name`;
    `more` are further steps of the build, which bring `more_programs`.
    """
    flags = " ".join(["-s -w", *(f"-X {variable}={value}" for variable, value in (values or {}).items())])
    return Tool(
        name,
        version,
        (*packages, *more_programs),
        (*(go_build(module, program, package, flags) for program, package in packages.items()), *more),
        (GO,),
        takes,
        MODULES / name,
        GO_ENVIRONMENT,
    )


def go_build(module: str, program: str, package: str, flags: str = "-s -w") -> tuple[str, ...]:
    """One program; `-v` names each package while it is compiled, which is the progress that a person sees."""
    command = ("go", "-C", f"{{source}}/{module}", "build", "-v", "-mod=readonly", "-trimpath")
    return (*command, f"-ldflags={flags}", "-o", f"{{home}}/bin/{program}", package)
