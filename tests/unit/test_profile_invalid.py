"""Every profile in fixtures/profiles-invalid is refused with exactly the lines that a person wrote beside it."""

import shutil
from pathlib import Path

import pytest

from homelab import profile
from homelab.errors import InvalidInput

CASES = sorted((Path(__file__).parents[1] / "fixtures/profiles-invalid").glob("*.yaml"))


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_refused_with_exactly_these_lines(case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "profiles"
    folder.mkdir()
    shutil.copy(profile.PROFILES / "default.yaml", folder)
    shutil.copy(case, folder / "mine.yaml")
    with pytest.raises(InvalidInput) as refusal:
        profile.load("mine", ram_mib=8000, folder=folder)
    assert str(refusal.value) + "\n" == case.with_suffix(".expected").read_text("utf-8")
