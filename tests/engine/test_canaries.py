"""Two hundred secrets that would be recognised anywhere: none is seen where secrets must not be."""

import base64
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from control_plane import ControlPlane
from site_lab import Site, recorded
from stack import Stack

from homelab import sops
from homelab.cli import run
from homelab.errors import EngineFailed
from unit.rendering import STACKS

CANARIES = [f"canary-{number:03}-of-two-hundred" for number in range(200)]


def seen_in(text: str, secrets: Sequence[str] = CANARIES) -> list[str]:
    """Those of `secrets` that stand in `text`, bare or in base64."""
    return [one for one in secrets if one in text or base64.b64encode(one.encode()).decode() in text]


@contextmanager
def arguments() -> Iterator[set[str]]:
    """The command line of every process that runs meanwhile, sampled without a pause."""
    lines: set[str] = set()
    over = threading.Event()

    def sample() -> None:
        while not over.is_set():
            for process in psutil.process_iter():
                try:
                    lines.add(" ".join(process.cmdline()))
                except psutil.NoSuchProcess:
                    continue

    sampler = threading.Thread(target=sample)
    sampler.start()
    try:
        yield lines
    finally:
        over.set()
        sampler.join()


def written(folder: Path) -> str:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    return "\n".join(path.read_bytes().decode(errors="replace") for path in files)


def test_no_secret_is_seen_in_state_output_arguments_or_events(
    cluster: ControlPlane, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    stack = Stack(tmp_path, cluster, {"namespace": "canaries", "secrets": CANARIES})
    with arguments() as lines:
        stack.up()
        stack.wanted["secrets"] = CANARIES[::-1]
        stack.engine().preview("test", ["--diff"])
        stack.engine().preview("test", ["--json"])
        assert stack.up().changes["update"] == 200
    values = {one["data"]["value"] for one in stack.objects("secrets").values()}
    assert values == {base64.b64encode(text.encode()).decode() for text in CANARIES}  # they did arrive

    assert any("pulumi-resource-kubernetes" in line for line in lines)
    assert seen_in("\n".join(lines)) == []
    assert seen_in(written(tmp_path)) == []
    assert seen_in("".join(capfd.readouterr())) == []
    assert seen_in("\n".join(stack.told)) == []
    assert seen_in(json.dumps(cluster.get("/api/v1/events"))) == []


def test_no_secret_is_quoted_when_the_server_refuses_it(
    cluster: ControlPlane, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    unfit = f"{CANARIES[0]} is no label"
    stack = Stack(tmp_path, cluster, {"namespace": "canary-refused", "label": unfit})
    with pytest.raises(EngineFailed) as refused:
        stack.up()
    told = "".join(capfd.readouterr())
    assert 'Invalid value: "[secret]"' in told
    assert seen_in(told + str(refused.value) + written(tmp_path)) == []


@pytest.fixture
def held(site: Site, capfd: pytest.CaptureFixture[str]) -> list[str]:
    """Every secret that was made for the platform: each is random, and would be recognised."""
    site.measured(recorded("mini-pc-8g"))
    capfd.readouterr()
    every = sops.read_all(site.lab)
    return [value for name in every for key, value in every[name].items() if not key.endswith("email")]


def test_no_secret_of_the_platform_is_seen_where_it_is_deployed_and_rendered(
    site: Site, held: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with arguments() as lines:
        for stack in STACKS:
            site.up(stack)
            assert run(["render", stack, "--out", str(tmp_path / "rendered" / stack)]) == 0
            assert run(["render", stack, "--json"]) == 0
    stored = json.dumps([one["data"] for one in site.objects("secrets").values()])
    assert seen_in(stored, held)  # they did arrive
    for text in ("\n".join(lines), written(tmp_path), "".join(capfd.readouterr())):
        assert seen_in(text, held) == []
    assert seen_in(json.dumps(site.cluster.get("/api/v1/events")), held) == []
    for stack in reversed(STACKS):
        site.engine().down(stack, agreed=True)


AWAY = (
    *(
        ("stack", verb, "--stack", "phase1-core", *flags)
        for verb in ("preview", "up", "down")
        for flags in ((), ("--json",))
    ),
    ("validate", "--stack", "phase1-core"),
    ("render", "phase1-core", "--host", "nobody"),
    ("secrets", "decrypt", "nats.nothing"),
    ("plan", "--json"),
)
"""Commands that meet a cluster which does not answer, secrets that do not open, or what is not there."""


def test_no_secret_is_told_by_a_command_that_fails(
    site: Site, held: list[str], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOMELAB", "1")
    monkeypatch.setenv("DEPLOY_CONFIRM", "yes")
    away = site.folder / "away"
    away.write_text(site.cluster.kubeconfig.read_text().replace(site.cluster.url, "https://127.0.0.1:1"))
    lab = site.folder / "lab.yaml"
    lab.write_text(lab.read_text().replace(str(site.cluster.kubeconfig), str(away)))
    with pytest.raises(EngineFailed) as refused:
        site.up("phase1-core")
    codes = {words: run(list(words)) for words in AWAY}
    assert {words[:2] for words, code in codes.items() if code} >= {("stack", "up"), ("stack", "down")}
    told = "".join(capfd.readouterr())
    assert "does not answer" in told
    assert seen_in(told + str(refused.value) + written(site.folder), held) == []
    assert "Traceback" not in told
