"""Every file in fixtures/lab-invalid is refused with exactly the lines that a person wrote beside it."""

from pathlib import Path

import pytest

from homelab.errors import InvalidInput
from homelab.lab import load

CASES = sorted((Path(__file__).parents[1] / "fixtures" / "lab-invalid").glob("*.yaml"))


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_refused_with_exactly_these_lines(case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("lab.yaml").write_bytes(case.read_bytes())
    with pytest.raises(InvalidInput) as refusal:
        load(Path("lab.yaml"))
    assert str(refusal.value) + "\n" == case.with_suffix(".expected").read_text("utf-8")
    assert "hunter2" not in repr(refusal.value)
    assert refusal.value.__cause__ is None
    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None
