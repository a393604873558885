"""What a stack is deployed from, as one number: with another one, what was validated is not what is planned."""

import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from homelab.lab.values import ROOT
from homelab.situation import HostPlan

DATA = ROOT / "stacks"


def fingerprint(hosts: Sequence[HostPlan], data: Path = DATA) -> str:
    """sha256 in hex over every host's lines and settings as `plan/1` has them, and the files of `data`: the images
    and each stack's own configuration. Pure but for reading those files.
    """
    plan = [
        {
            "name": host.name,
            "lines": [
                [
                    line.consumer,
                    line.request.value,
                    line.limit.value,
                    line.replicas_max,
                    line.cpu_request.value,
                    line.cpu_limit.value,
                ]
                for line in host.budget.lines
            ],
            "settings": {name: dict(spec.settings()) for name, spec in host.specs.items()},
        }
        for host in hosts
    ]
    files = {path.name: path.read_text("utf-8") for path in sorted(data.glob("*.yaml"))}
    text = json.dumps([plan, files], sort_keys=True, ensure_ascii=False)
    return sha256(text.encode()).hexdigest()
