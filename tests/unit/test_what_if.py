"""Machines that one does not own: from flags, and refused in words."""

import json

import pytest

from homelab.cli import run


def plan(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    assert run(["what-if", "--json", *arguments]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "plan/1"
    (host,) = document["hosts"]
    return host


def test_a_nominal_size_is_planned_as_what_the_kernel_leaves_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert plan(capsys, "--ram", "32GiB")["total_mib"] == 31784


def test_everything_is_placed_but_what_is_only_placed_by_hand(capsys: pytest.CaptureFixture[str]) -> None:
    names = {line["consumer"] for line in plan(capsys, "--ram", "64GiB")["lines"]}  # type: ignore[attr-defined]
    assert {"postgres", "openobserve", "promptfoo"} <= names
    assert not {"mindsdb", "timescaledb"} & names


def test_a_placement_is_taken_at_its_word(capsys: pytest.CaptureFixture[str]) -> None:
    lines = plan(capsys, "--ram", "16GiB", "--place", "postgres", "--place", "nats")["lines"]
    assert [line["consumer"] for line in lines] == ["reserve", "headroom", "postgres", "nats"]  # type: ignore[attr-defined]


def test_a_slow_disk_reaches_the_settings(capsys: pytest.CaptureFixture[str]) -> None:
    host = plan(capsys, "--ram", "32GiB", "--disk", "4TB", "--disk-class", "hdd")
    assert host["settings"]["postgres"]["random_page_cost"] == "4.0"  # type: ignore[index]


def loads(host: dict[str, object], server: str) -> list[str]:
    (one,) = (one for one in host["models"] if one["consumer"] == server)  # type: ignore[attr-defined]
    return [load["model"] for load in one["loads"]]


def test_a_recorded_machine_serves_the_models_that_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    found = plan(capsys, "--host", "jetson-orin-64g", "--serve", "llama-server=qwen3-4b")
    assert loads(found, "llama-server") == ["qwen3-4b"]
    assert "postgres" in [line["consumer"] for line in found["lines"]]  # type: ignore[attr-defined]


def test_each_model_of_a_server_is_named_by_itself(capsys: pytest.CaptureFixture[str]) -> None:
    serve = ["--serve", "ollama=qwen3-1.7b", "--serve", "ollama=nomic-embed-text"]
    found = plan(capsys, "--host", "pi5-8g", "--place", "ollama", *serve)
    assert loads(found, "ollama") == ["qwen3-1.7b", "nomic-embed-text"]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ["--ram", "32GiB", "--serve", "ollama"],
            "--serve · ollama · must be CONSUMER=MODEL · write ollama=glm-4.7-flash",
        ),
        (
            ["--ram", "32GiB", "--serve", "olama=qwen3-4b"],
            "--serve · olama · no such server of models · did you mean ollama?",
        ),
        (
            ["--ram", "32GiB", "--serve", "ollama=qwen3-4c"],
            "--serve · qwen3-4c · no such model · did you mean qwen3-4b?",
        ),
        (
            ["--ram", "32GiB", "--serve", "llama-server=qwen3-4b", "--serve", "llama-server=qwen3-1.7b"],
            "--serve · llama-server=qwen3-1.7b · llama-server serves one model · name one, or use ollama",
        ),
        (
            ["--ram", "32GiB", "--place", "nats", "--serve", "ollama=qwen3-4b"],
            "--serve · ollama · no host has it placed · say --place ollama, or --move ollama=HOST",
        ),
        (["--ram", "3GX"], "--ram · 3GX · '3GX' is not a size; write a number with a unit, such as 64GiB or 2TB"),
        (["--ram", "32GiB", "--disk-class", "nvm"], "--disk-class · nvm · not known · did you mean nvme?"),
        (
            ["--ram", "32GiB", "--place", "postgrs"],
            "--place · postgrs · no such consumer · did you mean postgres?",
        ),
        (
            [],
            "what-if · no memory · a machine is planned by its memory · "
            "say --ram 32GiB, or --host with a recorded one",
        ),
    ],
)
def test_a_mistake_is_one_line(arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["what-if", *arguments]) == 1
    assert capsys.readouterr().err.strip() == line


def test_a_machine_that_is_too_small_is_refused_with_its_sum(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["what-if", "--ram", "3GiB", "--json"]) == 1
    refusal = json.loads(capsys.readouterr().out)
    assert (refusal["schema"], refusal["resource"], refusal["total_mib"]) == ("refusal/1", "memory", 2900)
    assert sum(line["wanted_mib"] for line in refusal["lines"]) == refusal["wanted_mib"] == 6654
