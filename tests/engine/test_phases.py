"""Our own program by the real engine, against a real API server: every phase, on recorded machines.

`HOMELAB_HOSTS=all` in the environment takes every recorded machine that holds the platform.
"""

import os

import pytest
from site_lab import UNJUDGED, Site, recorded

from homelab.units import GIB
from unit.rendering import ABLE, STACKS

HOSTS = ABLE if os.environ.get("HOMELAB_HOSTS") == "all" else ("mini-pc-8g", "desktop-32g", "spark-128g")


@pytest.mark.parametrize("host", HOSTS)
def test_every_phase_is_deployed_and_a_second_up_changes_nothing(site: Site, host: str) -> None:
    """Every policy is asked of every machine in test_manifests.py: here they would take half of the time."""
    site.measured(recorded(host))
    for stack in STACKS:
        assert set(site.up(stack, UNJUDGED).changes) - {"same"} == {"create"}
    for stack in STACKS:
        assert set(site.up(stack, UNJUDGED).changes) == {"same"}
    for stack in reversed(STACKS):
        site.engine(UNJUDGED).down(stack, agreed=True)


def limits(site: Site) -> dict[str, str]:
    """Memory limit by workload."""
    found = {**site.objects("statefulsets", "/apis/apps/v1"), **site.objects("deployments", "/apis/apps/v1")}
    template = {name: one["spec"]["template"]["spec"]["containers"][0] for name, one in found.items()}
    return {name: container["resources"]["limits"]["memory"] for name, container in template.items()}


def test_more_memory_changes_what_follows_from_it_and_nothing_else(site: Site) -> None:
    """Within one profile: who has a share of the memory gets more, the floors of the others stay."""
    facts = recorded("desktop-32g")
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
    facts = recorded("desktop-32g")
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
