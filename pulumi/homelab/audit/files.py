"""Facts as files: one document for the controller, five parts for the host itself."""

import json
from pathlib import Path
from typing import Any

from homelab.errors import HomelabError
from homelab.facts import Facts, load

PARTS = {
    "homelab.fact": "homelab",
    "cpu_capabilities.json": "cpu_capabilities",
    "gpu_info.json": "gpu_info",
    "storage_performance.json": "storage_performance",
    "network_profile.json": "network_profile",
}
"""File → its key in the document. `homelab.fact` is JSON too: Ansible reads it as `ansible_local.homelab`."""


def text(facts: Facts) -> str:
    """The document, read once more on its way out: nothing is written that would be refused later."""
    whole = facts.model_dump_json(by_alias=True)
    Facts.model_validate_json(whole)
    return _pretty(json.loads(whole))


def parts(facts: Facts) -> dict[str, str]:
    """File name → content; the warnings stand in `homelab.fact`."""
    whole = facts.model_dump(mode="json", by_alias=True)
    whole["homelab"]["warnings"] = whole["warnings"]
    return {name: _pretty(whole[key]) for name, key in PARTS.items()}


def stored(path: Path) -> Facts | None:
    """The document of an earlier audit; one that cannot be read any more counts as none, and is replaced."""
    try:
        return load(path)
    except HomelabError:
        return None


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
