"""Our own program on a lab of recorded machines, with secrets and a state of its own."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import secret_lab
import yaml
from control_plane import ControlPlane

from homelab import imagined, sops, tools
from homelab.consumers import LOCAL
from homelab.engine import Engine, Summary
from homelab.facts import Facts
from homelab.lab import Lab, load
from homelab.lab.values import ROOT
from homelab.what_if import named
from unit.rendering import TOOLS

NAME = "machine"
NAMESPACE = "ai-infrastructure"
SERVERS = {"jetson": ("jetson-orin-32g", "192.168.1.50", "llama-server"), "pi": ("pi5-8g", "pi.lan", "ollama")}
"""Of models, outside the cluster: host → its recorded machine, its address, what is placed on it."""

UNJUDGED = Path(__file__).parent / "measured"
"""The same phases without the policies, which also ask for a preview before each `up`."""


def recorded(name: str) -> Facts:
    return imagined.facts_of(imagined.Machine(), name)


@dataclass
class Site:
    """A lab of one recorded machine, whose cluster is `cluster`; its secrets are made for it."""

    folder: Path
    cluster: ControlPlane

    @property
    def lab(self) -> Lab:
        return load(self.folder / "lab.yaml")

    def measured(self, facts: Facts, name: str = NAME) -> None:
        """Write a machine's facts as of now."""
        known = named(facts, name)
        homelab = known.homelab.model_copy(update={"audited_at": datetime.now(UTC)})
        path = self.folder / "facts" / f"{name}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(known.model_copy(update={"homelab": homelab}).model_dump_json(by_alias=True), "utf-8")

    def engine(self, source: Path = ROOT) -> Engine:
        passphrase = sops.read_all(self.lab, ["pulumi"])["pulumi"]["passphrase"]
        environ = {**os.environ, "PULUMI_HOME": str(self.folder / "pulumi")}
        return Engine(self.lab, passphrase, lambda _: None, environ=environ, source=source)

    def up(self, stack: str, source: Path = ROOT) -> Summary:
        return self.engine(source).up(stack, agreed=True)

    def objects(self, kind: str, api: str = "/api/v1") -> Mapping[str, Any]:
        found = self.cluster.get(f"{api}/namespaces/{NAMESPACE}/{kind}")
        assert found is not None
        items: Any = found["items"]
        return {one["metadata"]["name"]: one for one in items}


def make(folder: Path, cluster: ControlPlane, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A node that has the whole platform, whose facts are to be `measured`, and two servers of models."""
    if tools.find("pulumi") is None:
        pytest.skip("pulumi is not built: ./lab tools etcd kubernetes pulumi")
    secrets = secret_lab.make(folder, monkeypatch)
    servers = {name: {"address": address, "place": [kind]} for name, (_, address, kind) in SERVERS.items()}
    lab = {
        "version": 1,
        "hosts": {NAME: {"address": "machine.lan", "place": [*LOCAL, *TOOLS]}, **servers},
        "cluster": {"context": cluster.context, "kubeconfig": str(cluster.kubeconfig), "nodes": {NAME: "node-1"}},
    }
    (secrets.folder / "lab.yaml").write_text(yaml.safe_dump(lab))
    secrets.init()
    made = Site(secrets.folder, cluster)
    for name, (machine, _, _) in SERVERS.items():
        made.measured(recorded(machine), name)
    return made
