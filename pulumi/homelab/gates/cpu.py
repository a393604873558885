"""Instructions that the builds of what is placed here were made for: without them a process does not start."""

from collections.abc import Iterator
from dataclasses import dataclass

from homelab.budget import Budget
from homelab.facts import Facts
from homelab.gates.gate import Evidence, Gate, Severity


@dataclass(frozen=True, slots=True)
class Build:
    """A build for one architecture, who runs on it here, and the processor flags of which it wants one."""

    name: str
    consumers: tuple[str, ...]
    architecture: str
    flags: tuple[str, ...]
    severity: Severity
    without: str
    source: str


BUILDS = (
    Build(
        "numpy's wheel",
        ("embedder", "extract"),  # ONNX Runtime and docling-parse import it
        "x86_64",
        ("sse4_2", "avx"),  # the second implies the first
        "refuse",
        "is built for x86-64-v2 and refuses any less",
        "started under qemu-x86_64 -cpu Penryn (refuses) and Nehalem (runs)",
    ),
    Build(
        "ONNX Runtime",
        ("embedder",),
        "x86_64",
        ("avx",),
        "info",
        "from its wheel computes with SSE then; other builds of it end by SIGILL",
        "wheel: run under qemu-x86_64 -cpu Nehalem; others: github.com/xberg-io/xberg/issues/691",
    ),
    Build(
        "every arm64 wheel",
        ("embedder", "extract"),
        "arm64",
        ("asimd",),
        "refuse",
        "is built with NEON, which passes floating-point arguments",
        "Procedure Call Standard for the Arm 64-bit Architecture, SIMD and floating-point registers",
    ),
)

ARCHITECTURES = ("x86_64", "arm64")
ELSEWHERE = "place {} on another host"


def instructions(facts: Facts, budget: Budget) -> Iterator[Gate]:
    """One answer for each build that wants more than the processor has."""
    machine = facts.homelab.architecture
    needing = {name for build in BUILDS for name in build.consumers if name in budget}
    if machine not in ARCHITECTURES:
        if needing:
            evidence = Evidence("homelab.architecture", machine)
            rule = f"ONNX Runtime and docling-parse have wheels for {' and '.join(ARCHITECTURES)} alone"
            mend = ELSEWHERE.format(" and ".join(sorted(needing)))
            yield Gate("cpu.instructions", "refuse", facts.host, evidence, rule, "the package index", mend)
        return
    for build in BUILDS:
        here = [name for name in build.consumers if name in budget]
        if machine == build.architecture and here and not {*build.flags} & {*facts.cpu.flags}:
            evidence = Evidence("cpu_capabilities.flags", f"no {build.flags[0]} on {facts.cpu.cpu_model}")
            rule = f"{build.name} {build.without}"
            mend = ELSEWHERE.format(" and ".join(here))
            if build.severity == "info":
                mend = f"keep to the wheel, or {mend}"
            yield Gate("cpu.instructions", build.severity, facts.host, evidence, rule, build.source, mend)
