"""The `homelab` command from outside: what it prints where, and how it ends."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from verbs import VERBS

from homelab.cli import run
from homelab.cli.commands import COMMANDS

HEAVY = ("pydantic", "rich", "yaml", "ansible", "docling", "psycopg", "nats", "onnxruntime", "fastapi")
TEST_VERBS = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
import verbs, homelab.cli.lazy
homelab.cli.lazy.COMMANDS = verbs.VERBS
homelab.cli.main()
"""


@pytest.fixture
def _verbs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("homelab.cli.lazy.COMMANDS", VERBS)


def python(code: str, *arguments: str, **options: object) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", code, *arguments], text=True, **options)  # type: ignore[call-overload]


def test_help_lists_every_command_and_loads_none() -> None:
    code = f"""
import sys
from homelab.cli import run
run(["--help"])
heavy = [name for name in {HEAVY!r} if name in sys.modules]
verbs = [name for name in {[row.target.partition(":")[0] for row in COMMANDS]!r} if name in sys.modules]
print("loaded:", heavy + verbs)
"""
    child = python(code, stdout=subprocess.PIPE)
    shown, _ = child.communicate()
    assert shown.endswith("loaded: []\n")
    for row in COMMANDS:
        first, _, second = row.name.partition(" ")
        assert f"  {first} " in shown
        assert second or row.help.split()[0] in shown


@pytest.mark.parametrize("row", COMMANDS, ids=lambda row: row.name)
def test_each_command_exists_and_its_help_shows_how_it_is_called(
    row: object, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*row.name.split(), "--help"]) == 0  # type: ignore[attr-defined]
    shown = capsys.readouterr().out
    assert "Examples:\n" in shown
    assert re.search(rf"(?m)^ +([A-Z_]+=\w+ )*homelab {row.name}", shown)  # type: ignore[attr-defined]
    assert "--lab FILE" in shown


@pytest.mark.usefixtures("_verbs")
class TestEndings:
    def test_a_done_verb_ends_with_0(self, capsys: pytest.CaptureFixture[str], lab: Path) -> None:
        assert run(["--lab", str(lab), "good", "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == {"hosts": ["mine"]}

    def test_the_lab_file_may_be_named_after_the_verb_too(
        self, capsys: pytest.CaptureFixture[str], lab: Path
    ) -> None:
        assert run(["good", "--json", "--lab", str(lab)]) == 0
        assert json.loads(capsys.readouterr().out) == {"hosts": ["mine"]}
        assert run(["local", "good", "--json", "--lab", str(lab)]) == 0
        assert json.loads(capsys.readouterr().out) == {"hosts": ["mine"]}

    def test_a_refusal_is_one_line_a_problem_on_stderr_and_ends_with_1(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(["bad"]) == 1
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err == "lab.yaml:1 a · 'x' · must be a number · write 1\nlab.yaml:2 b · required\n"

    def test_a_refusal_as_json_is_one_document_on_stdout(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["bad", "--json"]) == 1
        said = capsys.readouterr()
        assert said.err == ""
        assert json.loads(said.out) == {
            "schema": "error/1",
            "error": "InvalidInput",
            "problems": [
                {"where": "lab.yaml:1 a", "given": "'x'", "rule": "must be a\nnumber", "fix": "write 1"},
                {"where": "lab.yaml:2 b", "given": "", "rule": "required", "fix": ""},
            ],
        }

    def test_a_failure_of_the_pipeline_is_told_in_the_same_way(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["away"]) == 1
        assert capsys.readouterr().err == "nats://127.0.0.1:4222 · nothing answers\n"
        assert run(["away", "--json"]) == 1
        assert json.loads(capsys.readouterr().out) == {
            "schema": "error/1",
            "error": "Unavailable",
            "problems": [{"where": "nats://127.0.0.1:4222", "given": "", "rule": "nothing answers", "fix": ""}],
        }

    def test_a_budget_that_does_not_fit_shows_the_whole_sum(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["full"]) == 1
        rows = [line.split() for line in capsys.readouterr().err.splitlines()]
        assert ["reserve", "200"] in rows
        assert ["postgres", "1300"] in rows
        assert ["sum", "1500"] in rows
        assert ["memory", "of", "pi", "1000"] in rows
        assert ["missing", "500"] in rows

    def test_a_refused_budget_as_json_is_a_refusal(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["full", "--json"]) == 1
        said = json.loads(capsys.readouterr().out)
        assert (said["schema"], said["total_mib"], said["wanted_mib"]) == ("refusal/1", 1000, 1500)

    @pytest.mark.parametrize(
        ("arguments", "hint"),
        [
            (["godo"], "Did you mean 'good'?"),
            (["good", "--jsn"], "--json"),
            (["good", "extra"], "extra"),
            (["--colour"], "--colour"),
        ],
    )
    def test_wrong_usage_ends_with_2_and_a_hint(
        self, arguments: list[str], hint: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(arguments) == 2
        said = capsys.readouterr()
        assert said.out == ""
        assert hint in said.err

    def test_a_check_that_did_not_hold_ends_with_3(self) -> None:
        assert run(["unproven"]) == 3

    def test_a_mistake_of_ours_is_not_hidden(self) -> None:
        with pytest.raises(ZeroDivisionError):
            run(["ours"])


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOMELAB_FILE", "")  # so that what --lab sets is undone after the test
    path = tmp_path / "mine.yaml"
    path.write_text("version: 1\nhosts: {mine: {address: local}}\n")
    return path


def test_ctrl_c_ends_with_130_and_one_line() -> None:
    child = python(TEST_VERBS, "waits", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == "waiting\n"
    child.send_signal(signal.SIGINT)
    _, said = child.communicate()
    assert (child.returncode, said) == (130, "interrupted\n")


@pytest.mark.parametrize("arguments", [["--help"], ["good"], ["good", "--json"], ["bad", "--json"]])
def test_a_reader_who_leaves_is_no_error_worth_a_word(arguments: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    child = python(TEST_VERBS, *arguments, stdout=writer, stderr=subprocess.PIPE, env=buffered)
    os.close(writer)
    _, said = child.communicate()
    assert said == ""
    assert child.returncode == 1


def on_a_terminal(*arguments: str, **environment: str) -> str:
    """What a verb writes when all it has is a terminal."""
    ours, theirs = pty.openpty()
    child = python(
        TEST_VERBS, *arguments, stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, **environment}
    )
    os.close(theirs)
    said = b""
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:  # how Linux says that the last writer of a terminal is gone
            break
        if not piece:
            break
        said += piece
    child.wait()
    os.close(ours)
    return said.decode()


@pytest.mark.parametrize("verb", ["good", "bad"])
def test_colour_is_for_terminals_whose_owner_wants_it(verb: str) -> None:
    plain = {"TERM": "xterm-256color", "NO_COLOR": ""}
    assert "\x1b[1;31m" in on_a_terminal(verb, **plain) or "\x1b[31m" in on_a_terminal(verb, **plain)
    assert "\x1b[3" not in on_a_terminal(verb, **{**plain, "NO_COLOR": "1"})
    assert "31m" not in on_a_terminal(verb, **{**plain, "TERM": "dumb"})
    child = python(TEST_VERBS, verb, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert "\x1b" not in child.communicate()[0]


def test_a_name_that_the_encoding_cannot_show_is_still_told() -> None:
    child = python(
        "import sys; from homelab.cli import failure, run\n"
        "from homelab.errors import LocalError, Problem\n"
        "run(['--help'])\n"
        "failure.tell(LocalError(Problem('caf\\udce9 ·', 'a', 'b', 'c')), failure.Asked())",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert child.communicate()[1] == "caf? ? ? a ? b ? c\n"
