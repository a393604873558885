"""Phase 4 with its own images and settings, over a real Postgres and our API: tools called, samples asked."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from container import container
from pydantic import SecretStr
from test_images_run import built, ours, started

from homelab.config import context_forge, promptfoo
from homelab.images.store import Store
from homelab.specs import ContextForge
from pipeline import gateway
from pipeline.checks.__main__ import STACKS
from pipeline.checks.outcome import Outcome
from pipeline.parts import opened
from pipeline.settings import Settings
from servers import PASSWORD, answers, free_port, until
from unit.rendering import TOOLING, machine

pytestmark = pytest.mark.timeout(1800)  # an image is built where it is not

__all__ = ["ours"]  # the fixture

SECRETS = {name: os.urandom(24).hex() for name in ("JWT_SECRET_KEY", "AUTH_ENCRYPTION_SECRET")}
PASSWORDS = {
    name: f"Aa1!{os.urandom(12).hex()}"
    for name in ("PLATFORM_ADMIN_PASSWORD", "DEFAULT_USER_PASSWORD", "BASIC_AUTH_PASSWORD")
}
ADMIN = "admin@homelab.internal"


@contextmanager
def api(settings: Settings, folder: Path) -> Iterator[str]:
    """Our API over the servers of `settings`; yields its URL."""
    port = free_port()
    told = {name: getattr(settings, name) for name in settings.model_fields_set} | {"api_port": port}
    shown = {name: one.get_secret_value() if isinstance(one, SecretStr) else one for name, one in told.items()}
    env = os.environ | {f"LAB_{name.upper()}": str(value) for name, value in shown.items()}
    url = f"http://127.0.0.1:{port}"
    with (
        (folder / "api.log").open("wb") as log,
        subprocess.Popen([sys.executable, "-m", "pipeline.api"], env=env, stdout=log, stderr=log) as process,
    ):
        until(lambda: answers(f"{url}/health"), "our API")
        yield url
        process.terminate()


def forge_environment(settings: Settings, port: int) -> dict[str, str]:
    """The platform's own, but for a database of this test and loopback, which is no Service."""
    spec = machine("desktop-32g", TOOLING).plan.host("desktop-32g").specs["context-forge"]
    assert isinstance(spec, ContextForge)
    rendered = context_forge.environment(spec, database_host="127.0.0.1", database_port=settings.postgres_port)
    own = f"lab@127.0.0.1:{settings.postgres_port}/lab?"
    theirs = f"{settings.postgres_user}@127.0.0.1:{settings.postgres_port}/{settings.postgres_db}?"
    return {
        **rendered,
        **SECRETS,
        **PASSWORDS,
        "PLATFORM_ADMIN_EMAIL": ADMIN,
        "DATABASE_URL": rendered["DATABASE_URL"].replace(own, theirs),
        "PGPASSWORD": PASSWORD,
        "SSRF_ALLOW_LOCALHOST": "true",
        "HOST": "127.0.0.1",
        "PORT": str(port),
    }


async def asked(settings: Settings, *names: str) -> dict[str, Outcome]:
    async with opened(settings, "checks") as parts:
        wanted = [check for check in STACKS["phase4-tooling"] if check.name in names]
        return {check.name: await check.outcome(settings, parts) for check in wanted}


async def test_our_tools_are_found_and_called_through_context_forge_and_outlive_it(
    ours: Store, lab: Settings, tmp_path: Path
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    gateway.schema(lab)
    env = forge_environment(lab, port)
    with api(lab, tmp_path) as tools:
        known = lab.model_copy(
            update={
                "gateway_url": url,
                "gateway_user": ADMIN,
                "gateway_secret": SecretStr(SECRETS["JWT_SECRET_KEY"]),
                "tools_url": f"{tools}/mcp",
            }
        )
        ready = f"{url}/ready"
        for times in ("first", "second"):  # the second start finds what the first was told
            folder = tmp_path / times
            folder.mkdir()
            with started(ours, "context-forge", folder, lambda: answers(ready), env=env):
                if times == "first":
                    assert gateway.register(known).startswith("home-lab registered")
                found = await asked(known, "tools listed", "tools called")
                assert all(one.held for one in found.values()), found
                assert "home-lab-search" in found["tools listed"].evidence


def test_an_evaluation_tells_each_outcome_and_ends_with_3_where_one_does_not_hold(
    ours: Store, lab: Settings, tmp_path: Path
) -> None:
    """Nothing was ingested: every question misses its passage."""
    with api(lab, tmp_path) as url:
        files = promptfoo.render(api_url=url, litellm_url="http://127.0.0.1:9", chat=False)
        for name, text in files.items():
            (tmp_path / name).write_text(text)
        args = ["eval", "--config", "/etc/promptfoo/promptfooconfig.yaml", "--no-cache", "--no-table"]
        configs = {f"/etc/promptfoo/{name}": tmp_path / name for name in files}
        image = built("promptfoo", ours)
        with container(ours, image, tmp_path, args=args, env=promptfoo.ENVIRONMENT, configs=configs) as process:
            code = process.wait(timeout=120)
    said = (tmp_path / "output").read_text()
    assert code == promptfoo.FAILED, said[-3000:]
    outcomes = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert [one["name"] for one in outcomes] == [f"our API: {case.question}" for case in promptfoo.CASES]
    assert not any(one["held"] for one in outcomes)
