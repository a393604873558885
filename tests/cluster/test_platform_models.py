"""Phase 3 in the cluster: a machine beside it that serves models, which is a stand-in here and says so."""

import pytest
from models_beside import models_beside
from platforms import Platform

from homelab import sops
from homelab.engine import Engine
from homelab.lab import load

pytestmark = pytest.mark.timeout(3600)

STACK = "phase3-inference"


def test_models_of_another_machine_answer_through_litellm(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can log in to a stand-in, so phase 0 would not hold: the engine deploys without its guard."""
    monkeypatch.setenv("SOPS_AGE_KEY_FILE", str(platform.keys))
    with models_beside(platform.sandbox.lab) as service:
        lab = load(platform.sandbox.lab)
        passphrase = sops.read_all(lab, ["pulumi"])["pulumi"]["passphrase"]
        engine = Engine(lab, passphrase, [].append, environ=platform.environ)
        assert engine.up("phase1-core", agreed=True).changed  # LiteLLM has a route more
        platform.validate("phase1-core")
        assert set(engine.up(STACK, agreed=True).changes) == {"create"}
        assert service in platform.objects("services")
        assert platform.validate(STACK)["held"]
        assert set(engine.up(STACK, agreed=True).changes) == {"same"}
        assert set(platform.down(STACK)["changes"]) == {"delete"}  # by the command: its validation goes with it
