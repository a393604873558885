"""Damaged facts: `<case>.json` beside the message it must bring, `<case>.expected`."""

from pathlib import Path

import pytest

from homelab.errors import HomelabError
from homelab.facts import load

CASES = sorted((Path(__file__).parents[1] / "fixtures/facts-invalid").glob("*.json"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_damaged_facts_are_refused_with_every_problem_and_the_mend(path: Path) -> None:
    with pytest.raises(HomelabError) as refusal:
        load(path)
    assert str(refusal.value) + "\n" == path.with_suffix(".expected").read_text("utf-8")
