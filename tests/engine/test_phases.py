"""Our own program by the real engine, against a real API server: every phase, on recorded machines.

`HOMELAB_HOSTS=all` in the environment takes every recorded machine that holds the platform.
"""

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
from homelab.units import GIB
from homelab.what_if import named
from unit.rendering import ABLE, STACKS, TOOLS

HOSTS = ABLE if os.environ.get("HOMELAB_HOSTS") == "all" else ("mini-pc-8g", "desktop-32g", "spark-128g")
NAME = "machine"
NAMESPACE = "ai-infrastructure"


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

    def engine(self) -> Engine:
        passphrase = sops.read_all(self.lab, ["pulumi"])["pulumi"]["passphrase"]
        environ = {**os.environ, "PULUMI_HOME": str(self.folder / "pulumi")}
        return Engine(self.lab, passphrase, lambda _: None, environ=environ)

    def up(self, stack: str) -> Summary:
        return self.engine().up(stack, agreed=True)

    def objects(self, kind: str, api: str = "/api/v1") -> Mapping[str, Any]:
        found = self.cluster.get(f"{api}/namespaces/{NAMESPACE}/{kind}")
        assert found is not None
        items: Any = found["items"]
        return {one["metadata"]["name"]: one for one in items}


@pytest.fixture
def site(cluster: ControlPlane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    if tools.find("pulumi") is None:
        pytest.skip("pulumi is not built: ./lab tools etcd kubernetes pulumi")
    secrets = secret_lab.make(tmp_path / "lab", monkeypatch)
    lab = {
        "version": 1,
        "hosts": {
            NAME: {"address": "machine.lan", "place": [*LOCAL, *TOOLS]},
            "jetson": {"address": "192.168.1.50", "place": ["llama-server"]},
        },
        "cluster": {"context": cluster.context, "kubeconfig": str(cluster.kubeconfig), "nodes": {NAME: "node-1"}},
    }
    (secrets.folder / "lab.yaml").write_text(yaml.safe_dump(lab))
    secrets.init()
    made = Site(secrets.folder, cluster)
    made.measured(imagined.facts_of(imagined.Machine(), "jetson-orin-32g"), "jetson")
    return made


@pytest.mark.parametrize("host", HOSTS)
def test_every_phase_is_deployed_and_a_second_up_changes_nothing(site: Site, host: str) -> None:
    site.measured(imagined.facts_of(imagined.Machine(), host))
    for stack in STACKS:
        assert set(site.up(stack).changes) - {"same"} == {"create"}
    for stack in STACKS:
        assert set(site.up(stack).changes) == {"same"}
    for stack in reversed(STACKS):
        site.engine().down(stack, agreed=True)


def limits(site: Site) -> dict[str, str]:
    """Memory limit by workload."""
    found = {**site.objects("statefulsets", "/apis/apps/v1"), **site.objects("deployments", "/apis/apps/v1")}
    template = {name: one["spec"]["template"]["spec"]["containers"][0] for name, one in found.items()}
    return {name: container["resources"]["limits"]["memory"] for name, container in template.items()}


def test_more_memory_changes_what_follows_from_it_and_nothing_else(site: Site) -> None:
    """Within one profile: who has a share of the memory gets more, the floors of the others stay."""
    facts = imagined.facts_of(imagined.Machine(), "desktop-32g")
    less = facts.homelab.model_copy(update={"total_ram_mb": 28_000})
    site.measured(facts.model_copy(update={"homelab": less}))
    site.up("phase1-core")
    before = limits(site)
    site.measured(facts)
    summary = site.up("phase1-core")
    after = limits(site)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"nats", "supabase-postgres", "oxigraph", "litellm"}
    # Their four pods, the texts of nats.conf and postgresql.conf, and the plan for workloads to read.
    assert summary.changes == {"update": 7, "same": summary.changes["same"]}
    site.engine().down("phase1-core", agreed=True)


def test_a_fuller_disk_makes_the_sets_of_the_stores_anew_and_nothing_else(site: Site) -> None:
    """Kubernetes changes no template of a claim, so its set is replaced; the claims belong to nobody."""
    facts = imagined.facts_of(imagined.Machine(), "desktop-32g")
    site.measured(facts)
    site.up("phase1-core")
    (mount,) = (mount for mount in facts.storage.mounts if mount.path == "/")
    fuller = mount.model_copy(update={"free_bytes": mount.free_bytes - 100 * GIB})
    mounts = tuple(fuller if one is mount else one for one in facts.storage.mounts)
    site.measured(facts.model_copy(update={"storage": facts.storage.model_copy(update={"mounts": mounts})}))
    changes = site.up("phase1-core").changes
    # The sets of Garage, NATS and Postgres; nats.conf, and the plan for workloads to read.
    assert changes == {"replace": 3, "update": 2, "same": changes["same"]}
    sets = site.objects("statefulsets", "/apis/apps/v1")
    assert {name: one["spec"]["volumeClaimTemplates"][0]["spec"]["resources"] for name, one in sets.items()} == {
        "garage": {"requests": {"storage": "229Gi"}},
        "nats": {"requests": {"storage": "65Gi"}},
        "supabase-postgres": {"requests": {"storage": "32Gi"}},
        "oxigraph": {"requests": {"storage": "20Gi"}},
    }
    site.engine().down("phase1-core", agreed=True)
