"""Phase 3 in the cluster: a machine beside it that serves models, which is a stand-in here and says so."""

import pytest
from models_beside import models_beside
from platforms import Platform

pytestmark = pytest.mark.timeout(3600)

STACK = "phase3-inference"


def test_models_of_another_machine_answer_through_litellm(platform: Platform) -> None:
    """The machine is new to the lab, so LiteLLM learns of it by an `up` of its own phase."""
    with models_beside(platform.sandbox.lab) as service:
        changed = platform.up("phase1-core")["changes"]
        assert changed["update"] > 0
        assert "delete" not in changed
        platform.validate("phase1-core")
        assert set(platform.up(STACK)["changes"]) == {"create"}
        assert service in platform.objects("services")
        report = platform.validate(STACK)
        assert report["held"]
        assert set(platform.up(STACK)["changes"]) == {"same"}
        platform.down(STACK)
