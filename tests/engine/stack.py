"""The program of `program/` run by the engine, with a lab and a state of its own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from control_plane import ControlPlane
from up_process import NAME, engine

from homelab import tools
from homelab.engine import Engine, Summary

UP = Path(__file__).parent / "up_process.py"


@dataclass
class Stack:
    """`wanted` is what the program declares; see program/__main__.py. `told` is what a person is told."""

    folder: Path
    cluster: ControlPlane
    wanted: dict[str, Any]
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if tools.find("pulumi") is None:
            pytest.skip("pulumi is not built: ./lab tools etcd kubernetes pulumi")
        (self.folder / "lab.yaml").write_text("version: 1\nhosts: {desktop: {address: local}}\n")

    @property
    def namespace(self) -> str:
        return str(self.wanted["namespace"])

    @property
    def state(self) -> Path:
        return self.folder / ".lab/pulumi"

    def environ(self) -> dict[str, str]:
        return {
            **os.environ,
            "PULUMI_HOME": str(self.folder / "home"),
            "KUBECONFIG": str(self.cluster.kubeconfig),
            "PROGRAM": json.dumps(self.wanted),
        }

    def engine(self) -> Engine:
        return engine(self.folder, self.told, self.environ())

    def up(self) -> Summary:
        return self.engine().up(NAME, agreed=True)

    def down(self) -> Summary:
        return self.engine().down(NAME, agreed=True)

    def start_up(self) -> subprocess.Popen[bytes]:
        """An `up` in a process group of its own, to be killed with all that it starts."""
        return subprocess.Popen(
            [sys.executable, str(UP), str(self.folder)],
            env=self.environ(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def objects(self, kind: str = "configmaps", api: str = "/api/v1") -> dict[str, Any]:
        """Name → object, in the stack's namespace, without what Kubernetes itself puts there."""
        found = self.cluster.get(f"{api}/namespaces/{self.namespace}/{kind}")
        assert found is not None
        items: Any = found["items"]
        return {one["metadata"]["name"]: one for one in items if one["metadata"]["name"] != "kube-root-ca.crt"}
