"""The whole platform is taken down and deployed anew: its volumes stay, and what is in them."""

import pytest
from platforms import PHASES, STORES, Platform

pytestmark = pytest.mark.timeout(3600)

LATER = ("phase3-inference", "phase4-tooling")


def test_what_went_down_and_up_again_has_its_data(platform: Platform) -> None:
    before, volumes = platform.counts(), platform.volumes()
    assert before["documents"] > 0
    assert len(volumes) == len(STORES)
    for stack in reversed((*PHASES, *LATER)):
        changes = platform.down(stack)["changes"]
        assert set(changes) <= {"delete"}
        assert changes or stack in LATER
    assert platform.objects("pods") == {}
    assert platform.volumes() == volumes
    for stack in PHASES:
        platform.up(stack)
        platform.validate(stack)
    assert platform.volumes() == volumes
    assert platform.counts() == before
    assert platform.json("ask", "How long are weekly snapshots kept?")["answer"]
