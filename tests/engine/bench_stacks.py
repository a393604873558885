"""How long all phases take to deploy: a stack each, the same without checkpoints, and everything in one stack.

Against a real API server without nodes; median of ROUNDS, each from nothing, the three in turn. Prints one JSON
document, and each round as it ends. Sets no limit: the figures go into the message of a change. `cpu_s` are the
core seconds of the engine and all that it starts; they say more than the clock on a machine that is not idle.
"""

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import yaml
from control_plane import ControlPlane, control_plane

from homelab import lab, sops
from homelab.consumers import LOCAL
from homelab.engine import Engine
from homelab.lab.values import ROOT
from homelab.phases.table import PHASES
from unit.rendering import TOOLS

ROUNDS = int(os.environ.get("ROUNDS", "5"))
PIS = tuple(f"pi-{number}" for number in range(1, 9))  # each has its objects: 130 resources in all, and more
HOSTS = {"desktop": "desktop-128g-nvidia", "jetson": "jetson-orin-64g", **dict.fromkeys(PIS, "pi5-8g")}
LAB = {
    "version": 1,
    "hosts": {
        "desktop": {"address": "192.0.2.10", "place": [*LOCAL, *TOOLS, "openobserve", "collector"]},
        "jetson": {"address": "192.0.2.11", "place": ["llama-server"]},
        **{name: {"address": f"192.0.2.{20 + at}", "place": ["ollama"]} for at, name in enumerate(PIS)},
    },
    "cluster": {"context": "sandbox", "kubeconfig": "cluster/kubeconfig", "nodes": {"desktop": "desktop"}},
}
WITHOUT_CHECKPOINTS = {"PULUMI_SKIP_CHECKPOINTS": "true"}
PROGRAM = Path(__file__).parent / "measured"
Variant = tuple[tuple[str, ...], Mapping[str, str]]
"""Its stacks, and what its environment has beside."""

VARIANTS: Mapping[str, Variant] = {
    "stacks": (tuple(PHASES), {}),
    "stacks without checkpoints": (tuple(PHASES), WITHOUT_CHECKPOINTS),
    "one stack": (("everything",), {}),
}


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        os.environ |= {"SOPS_AGE_KEY_FILE": str(folder / "age.key"), "PULUMI_HOME": str(folder / "home")}
        (folder / "lab.yaml").write_text(yaml.safe_dump(LAB))
        (folder / "facts").mkdir()
        for name, recorded in HOSTS.items():
            text = (ROOT / f"tests/fixtures/hosts/{recorded}.json").read_text()
            (folder / f"facts/{name}.json").write_text(text.replace(f'"{recorded}"', f'"{name}"'))
        (folder / "cluster").mkdir()
        known = lab.load(folder / "lab.yaml")
        sops.initialise(known)
        with control_plane(folder / "cluster") as cluster:
            print(json.dumps(measured(known, cluster), indent=2))  # noqa: T201 - it is what is run for


def measured(known: lab.Lab, cluster: ControlPlane) -> dict[str, object]:
    passphrase = sops.read_all(known, ["pulumi"])["pulumi"]["passphrase"]
    seconds: dict[str, list[float]] = {name: [] for name in VARIANTS}
    cores: dict[str, list[float]] = {name: [] for name in VARIANTS}
    resources: dict[str, int] = {}
    for round_ in range(ROUNDS + 1):
        for name, (stacks, more) in VARIANTS.items():
            environ = {**os.environ, **more}
            engine = Engine(known, passphrase, lambda line: None, environ=environ, source=PROGRAM)
            began, spent = time.monotonic(), _spent()
            runs = [engine.up(stack, agreed=True, as_json=True) for stack in stacks]
            if round_:  # the first makes the stacks and warms the caches
                seconds[name].append(time.monotonic() - began)
                cores[name].append(_spent() - spent)
                sys.stderr.write(
                    f"round {round_}: {name} {seconds[name][-1]:.1f} s, {cores[name][-1]:.1f} cpu_s\n"
                )
            resources[name] = sum(run.changed for run in runs)
            for stack in reversed(stacks):
                engine.down(stack, agreed=True, as_json=True)
    medians = {name: statistics.median(each) for name, each in seconds.items()}
    return {
        "schema": "bench-stacks/1",
        "rounds": ROUNDS,
        "resources": resources,
        "median_s": {name: round(median, 2) for name, median in medians.items()},
        "median_cpu_s": {name: round(statistics.median(each), 2) for name, each in cores.items()},
        "to_no_checkpoints": round(medians["stacks"] / medians["stacks without checkpoints"], 3),
        "to_one_stack": round(medians["stacks"] / medians["one stack"], 3),
    }


def _spent() -> float:
    """Core seconds of every process below this one that has ended."""
    times = os.times()
    return times.children_user + times.children_system


if __name__ == "__main__":
    main()
