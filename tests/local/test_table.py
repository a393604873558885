"""The platform of a plan: which services, what they need, what they may use."""

from pathlib import Path
from typing import Protocol

import pytest

from homelab import lab, planner
from homelab.errors import LocalError
from homelab.local import order, table
from homelab.local.service import Http
from homelab.local.table import Platform
from unit.hosts import facts

LAB = """\
version: 1
hosts: {{desktop: {{address: local, place: {place}}}}}
models: {models}
local: {{data_dir: data, ports: {{nats: 14222}}}}
"""

EVERYTHING = "[postgres, nats, oxigraph, litellm, garage, extract, graph, embedder, chunk, embed, api]"


class Make(Protocol):
    def __call__(self, *, place: str = ..., models: str = ..., garage: bool = ...) -> Platform: ...


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """The platform of a lab file in tmp_path on a made-up machine, with Garage built or not."""

    def made(*, place: str = EVERYTHING, models: str = "{}", garage: bool = False) -> Platform:
        monkeypatch.setattr(table, "find", lambda program: Path("/cache") / program if garage else None)
        (tmp_path / "lab.yaml").write_text(LAB.format(place=place, models=models))
        read = lab.load(tmp_path / "lab.yaml")
        return table.platform(read, planner.plan_host(read, "desktop", facts(31949)))

    return made


def test_everything_that_can_starts_at_once_and_the_api_last(make: Make) -> None:
    made = make(garage=True)
    assert order.levels(made.services) == {
        "nats": 1,
        "postgres-init": 1,
        "oxigraph": 1,
        "garage": 1,
        "embedder": 1,
        "litellm": 1,
        "postgres": 2,
        "garage-buckets": 2,
        "bootstrap": 3,
        "extract": 4,
        "chunk": 4,
        "embed": 4,
        "graph": 4,
        "api": 5,
    }


def test_each_limit_is_the_budgets(tmp_path: Path, make: Make) -> None:
    made = make(garage=True)
    lines = planner.plan_host(lab.load(tmp_path / "lab.yaml"), "desktop", facts(31949)).budget.lines
    limits = {service.name: service.limit_mib for service in made.services if not service.is_step}
    assert limits == {line.consumer: line.limit.value for line in lines if line.kind in ("service", "burst")}


def test_without_garage_objects_lie_in_a_folder_and_that_is_said(tmp_path: Path, make: Make) -> None:
    made = make()
    objects = tmp_path / "data/objects"
    assert made.objects == f"a local folder, {objects} (./lab tools garage builds Garage)"
    extract = next(service for service in made.services if service.name == "extract")
    assert extract.programs[0].env["LAB_OBJECTS"] == objects.as_uri()
    assert "LAB_S3_SECRET_KEY" not in extract.secrets


def test_documents_that_lie_in_the_folder_stay_there_when_garage_is_built_later(
    make: Make, tmp_path: Path
) -> None:
    (tmp_path / "data/objects/raw-documents").mkdir(parents=True)
    made = make(garage=True)
    assert made.objects.startswith("a local folder, ")
    assert "garage" not in {service.name for service in made.services}


def test_with_garage_objects_go_there(tmp_path: Path, make: Make) -> None:
    made = make(garage=True)
    assert made.objects == "Garage"
    extract = next(service for service in made.services if service.name == "extract")
    assert extract.programs[0].env["LAB_OBJECTS"] == "s3://"
    assert extract.secrets["LAB_S3_SECRET_KEY"] == tmp_path / "data/secrets/garage-secret-key"


def test_every_worker_tells_that_it_is_ready_at_a_door_of_its_own(make: Make) -> None:
    made = make()
    checks = {p.name: p.check for s in made.services for p in s.programs if s.name in table.STAGES}
    assert all(isinstance(check, Http) and check.path == "/ready" for check in checks.values())
    assert len({check.port for check in checks.values() if isinstance(check, Http)}) == 4
    again = make()
    assert {p.name: p.check for s in again.services for p in s.programs if s.name in table.STAGES} == checks


def test_another_embedding_endpoint_needs_no_embedder_of_ours(tmp_path: Path, make: Make) -> None:
    key = tmp_path / "key"
    key.write_text("k")
    key.chmod(0o600)
    models = f"{{embedding: {{endpoint: 'http://h:1/v1', model: m, dimensions: 768, api_key_file: {key}}}}}"
    made = make(models=models)
    assert "embedder" not in [service.name for service in made.services]
    litellm = next(service for service in made.services if service.name == "litellm")
    assert litellm.secrets["EMBEDDING_API_KEY"] == key


def test_a_part_that_the_others_need_must_be_placed(make: Make) -> None:
    with pytest.raises(LocalError) as refusal:
        make(place="[nats, litellm, api]")
    assert str(refusal.value) == (
        "hosts.desktop.place · postgres, oxigraph not placed · "
        "the local platform needs nats, postgres, oxigraph, litellm · add them to place in lab.yaml"
    )
