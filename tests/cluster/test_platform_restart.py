"""The whole platform is taken down and deployed anew: its volumes stay, and what is in them."""

import pytest
from platforms import PHASES, STORES, Platform

from homelab.lab import ROOT
from homelab.validate import STACKS
from servers import until

pytestmark = pytest.mark.timeout(3600)


def test_what_went_down_and_up_again_has_its_data(platform: Platform) -> None:
    platform.run("ingest", ROOT / "samples/backup-handbook.pdf")
    before, volumes = platform.counts(), platform.volumes()
    assert before["documents"] > 0
    assert len(volumes) == len(STORES)
    checked = platform.objects("cronjobs")
    deployed = [stack for stack in STACKS if f"checks-{stack}" in checked]
    assert set(PHASES) <= set(deployed)
    for stack in reversed(deployed):
        assert set(platform.down(stack)["changes"]) == {"delete"}
    until(lambda: platform.objects("pods") == {}, "no pod is left", 180)
    assert platform.volumes() == volumes
    for stack in PHASES:
        platform.up(stack)
        platform.validate(stack)
    assert platform.volumes() == volumes
    assert platform.counts() == before
    assert platform.json("ask", "How long are weekly snapshots kept?")["answer"]
