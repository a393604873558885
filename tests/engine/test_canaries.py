"""Two hundred secrets that would be recognised anywhere: none is seen where secrets must not be."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from control_plane import ControlPlane
from stack import Stack

from homelab.errors import EngineFailed

CANARIES = [f"canary-{number:03}-of-two-hundred" for number in range(200)]
FORMS = [form for text in CANARIES for form in (text, base64.b64encode(text.encode()).decode())]


def seen_in(text: str) -> list[str]:
    return [form for form in FORMS if form in text]


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
