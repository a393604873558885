"""What validation makes of what it is told: outcomes, the ledger beside the pods, what was left out."""

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from homelab.cli.validate import show
from homelab.lab import load
from homelab.policy import Allowance, Ledger
from homelab.sandbox.facts import write_lab
from homelab.sandbox.layout import of
from homelab.units import MIB
from homelab.validate import Report, parts, phase0, scaling
from homelab.validate.inside import _outcome
from homelab.validate.keeping import keep
from homelab.validate.limits import limits
from homelab.validate.outcome import Outcome, failed, held, left_out

AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)

OUTCOMES = (
    held("nats ready", "1 of 1 replicas ready"),
    failed("graph", "SPARQL found nothing", "see the log"),
    left_out("openobserve", "placed on no host of lab.yaml", "add it"),
)


def report(*outcomes: Outcome) -> Report:
    return Report("phase1-core", "f00", AT, outcomes)


def test_a_report_for_programs_keeps_its_names() -> None:
    assert report(*OUTCOMES).as_json() == {
        "schema": "validate/1",
        "stack": "phase1-core",
        "held": False,
        "plan": "f00",
        "at": "2026-11-21T09:30:00+00:00",
        "outcomes": [
            {"name": "nats ready", "held": True, "evidence": "1 of 1 replicas ready", "mend": ""},
            {"name": "graph", "held": False, "evidence": "SPARQL found nothing", "mend": "see the log"},
        ],
        "left_out": [{"name": "openobserve", "reason": "placed on no host of lab.yaml", "mend": "add it"}],
    }


@pytest.mark.parametrize(
    ("outcomes", "holds"),
    [
        (OUTCOMES[:1], True),
        (OUTCOMES[:2], False),
        ((OUTCOMES[0], OUTCOMES[2]), True),
        (OUTCOMES[2:], False),
        ((), False),
    ],
    ids=["held", "one does not", "one left out", "all left out", "nothing asked"],
)
def test_what_was_left_out_is_never_counted_as_passed(outcomes: tuple[Outcome, ...], holds: bool) -> None:
    assert report(*outcomes).held is holds


def test_people_see_what_was_left_out_apart() -> None:
    out = io.StringIO()
    show(report(*OUTCOMES), Console(file=out, width=100))
    asked, apart = out.getvalue().split("left out", 1)
    assert "✓  nats ready" in asked
    assert "✗  graph" in asked
    assert "openobserve" not in asked
    assert "openobserve" in apart
    assert "phase1-core: 1 of 2 hold, 1 left out" in apart


LEDGER = Ledger({"nats": Allowance("nats", 512 * MIB, 100, 1), "docling": Allowance("extract", 640 * MIB, 100, 3)})


def pod(app: str, limit: str | None, enforced: str | None = None, state: str = "running") -> dict[str, Any]:
    status: dict[str, Any] = {"name": app, "state": {state: {}}}
    if enforced is not None:
        status["resources"] = {"limits": {"memory": enforced}}
    resources = {} if limit is None else {"limits": {"memory": limit}}
    return {
        "metadata": {"name": f"{app}-0", "labels": {"app.kubernetes.io/name": app}},
        "spec": {"containers": [{"name": app, "resources": resources}]},
        "status": {"containerStatuses": [status]},
    }


APPS = ("nats", "docling")
UP = "./lab pulumi-up --stack phase1-core"


@pytest.mark.parametrize(
    ("pods", "outcome"),
    [
        (
            [pod("nats", "512Mi"), pod("docling", "640Mi"), pod("docling", "671088640")],
            held("memory limits", "3 containers, 1792 MiB together, each as the ledger says"),
        ),
        (
            [pod("nats", "512Mi", enforced="256Mi")],
            failed("memory limits", "nats of nats-0 has 256 MiB, not 512", UP),
        ),
        ([pod("nats", None)], failed("memory limits", "nats of nats-0 has no limit, not 512", UP)),
        ([pod("nats", "1Gi", state="waiting")], failed("memory limits", "no container runs", "see why above")),
        ([pod("stranger", "1Gi")], failed("memory limits", "no container runs", "see why above")),
    ],
    ids=["as planned", "enforced", "none", "not running", "stranger"],
)
def test_limits_are_compared_with_the_ledger(pods: list[Any], outcome: Outcome) -> None:
    assert limits("phase1-core", APPS, pods, LEDGER) == outcome


DOCLING = {"kind": "Deployment", "metadata": {"name": "docling"}}


def autoscaler(most: int) -> dict[str, Any]:
    return {"metadata": {"name": "docling"}, "spec": {"maxReplicas": most}}


@pytest.mark.parametrize(
    ("autoscalers", "outcome"),
    [
        ([autoscaler(3)], held("docling at most", "3 replicas, which the ledger holds")),
        ([autoscaler(4)], failed("docling at most", "4 replicas, the ledger holds 3", UP)),
        ([], failed("docling at most", "no replicas, the ledger holds 3", UP)),
    ],
    ids=["as planned", "more", "none"],
)
def test_an_autoscaler_ends_where_the_ledger_does(autoscalers: list[Any], outcome: Outcome) -> None:
    assert list(scaling.outcomes("phase1-core", [DOCLING], autoscalers, LEDGER)) == [outcome]


@pytest.mark.parametrize(
    ("hosts", "reason"),
    [
        (1, "the ledger holds one replica of it"),
        (3, "the ledger holds one replica of it on each of its hosts"),
    ],
)
def test_one_replica_to_a_host_needs_no_autoscaler(hosts: int, reason: str) -> None:
    alone = Ledger({"docling": Allowance("extract", 640 * MIB, 100, hosts, hosts)})
    assert list(scaling.outcomes("phase2-pipeline", [DOCLING], [], alone)) == [
        left_out("docling scales", reason, "./lab explain extract.replicas")
    ]


@pytest.fixture
def lab(tmp_path: Path) -> Any:
    file = tmp_path / "lab.yaml"
    file.write_text("version: 1\nhosts: {desktop: {address: local, place: [nats]}}\ncluster: {context: none}\n")
    return load(file)


def test_what_nobody_placed_is_named(lab: Any) -> None:
    deployed = ("nats", "garage", "supabase-postgres", "oxigraph", "litellm")
    assert list(parts.missing(lab, "phase1-core", deployed, {"nats"})) == [
        left_out("embedder", "placed on no host of lab.yaml", "add embedder to place of desktop")
    ]


def test_what_is_placed_and_not_built_is_named_too(lab: Any) -> None:
    (found,) = (one for one in parts.missing(lab, "phase4-tooling", (), {"console"}) if one.name == "console")
    assert found == left_out("console", "placed, and this phase deploys nothing for it")


@pytest.mark.parametrize(
    ("line", "outcome"),
    [
        ('{"name": "streams", "held": true, "evidence": "all five"}', held("streams", "all five")),
        (
            '{"name": "graph", "held": false, "evidence": "oxigraph: away"}',
            failed("graph", "oxigraph: away", "kubectl -n ai-infrastructure logs statefulset/oxigraph"),
        ),
        (
            '{"name": "tools", "held": false, "evidence": "none is listed"}',
            failed("tools", "none is listed", "./lab status shows what waits"),
        ),
        ('{"level": "info", "message": "connected"}', None),
        ("{not json", None),
        ("checks: ready", None),
    ],
    ids=["held", "failed", "no service", "a log line", "broken", "words"],
)
def test_answers_are_told_from_the_log_around_them(line: str, outcome: Outcome | None) -> None:
    assert _outcome(line) == outcome


def test_an_unmeasured_host_is_told_with_its_mend(lab: Any) -> None:
    found = {one.name: one for one in phase0.outcomes(lab, lambda _: None, AT)}
    assert found["facts of desktop"] == failed(
        "facts of desktop",
        "there is no such file; a host is measured before anything is planned for it",
        "./lab ansible-hardware-audit --limit desktop",
    )
    assert found["desktop answers"] == held("desktop answers", "it is this machine")
    assert found["tailnet"] == left_out("tailnet", "lab.yaml names no tailnet")
    assert found["TimescaleDB SELECT 1"].state == "left out"
    assert found["secrets encrypted"].mend == "./lab secrets-init"


def test_a_node_of_a_sandbox_that_is_off_is_told_with_its_mend(tmp_path: Path) -> None:
    """It is a part of this machine, so nobody asks it by ssh."""
    sandbox = of(3, tmp_path)
    for machine in sandbox.machines:
        machine.create()
    write_lab(sandbox)
    found = {one.name: one for one in phase0.outcomes(load(sandbox.lab), lambda _: None, AT)}
    for name in ("sandbox-1", "sandbox-2", "sandbox-3"):
        assert found[f"{name} answers"] == failed(
            f"{name} answers", "its node of the sandbox does not run", "./lab sandbox-up"
        )


def test_without_the_switch_nothing_is_recorded(lab: Any) -> None:
    assert keep(lab, report(OUTCOMES[0]), {}) == (
        "not recorded: HOMELAB is not set to 1 on this machine, and "
        "a cluster is changed from the control plane only"
    )


def test_another_context_is_recorded_nowhere(lab: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    assert keep(lab, report(OUTCOMES[0]), {"HOMELAB": "1"}).startswith("not recorded: ")
