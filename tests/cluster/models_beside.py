"""A machine with a server of models beside the sandbox, for phase 3: the stand-in, on this machine's address."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import yaml

from homelab.inference import PORTS
from homelab.sandbox.layout import HOST

ROOT = Path(__file__).parents[2]
STAND_IN = ROOT / "sandbox/models/stand_in.py"
RECORDED = ROOT / "tests/fixtures/hosts/pi5-8g.json"
"""The machine that it is said to be."""

NAME = "models"


@contextmanager
def models_beside(lab: Path) -> Iterator[str]:
    """While it lasts, lab.yaml has a host that serves models by Ollama; yields its name in the cluster."""
    before = lab.read_text("utf-8")
    facts = lab.parent / "facts" / f"{NAME}.json"
    command = [sys.executable, "-I", str(STAND_IN), "--host", str(HOST), "--port", str(PORTS["ollama"])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("a stand-in for models")
            _write_facts(facts)
            document = yaml.safe_load(before)
            document["hosts"][NAME] = {"address": str(HOST), "place": ["ollama"]}
            lab.write_text(yaml.safe_dump(document, sort_keys=False), "utf-8")
            yield f"ollama-{NAME}"
        finally:
            process.terminate()
            lab.write_text(before, "utf-8")
            facts.unlink(missing_ok=True)


def _write_facts(path: Path) -> None:
    document = json.loads(RECORDED.read_text("utf-8"))
    document["host"] = document["homelab"]["host"] = NAME
    document["homelab"]["audited_at"] = datetime.now(UTC).isoformat(timespec="seconds")
    path.write_text(json.dumps(document), "utf-8")
