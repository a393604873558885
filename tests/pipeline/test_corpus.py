"""The documents that measurements and demonstrations stand on."""

import hashlib
from collections import Counter
from pathlib import Path

import write_samples
from corpus import generate


def digest(folder: Path) -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(folder.iterdir()))).hexdigest()


def test_a_hundred_documents_are_the_same_every_time(tmp_path: Path) -> None:
    first = generate(tmp_path / "first")
    generate(tmp_path / "second")
    assert digest(tmp_path / "first") == digest(tmp_path / "second")
    assert Counter(path.suffix for path in first) == {
        ".pdf": 32,
        ".docx": 20,
        ".html": 15,
        ".md": 15,
        ".pptx": 6,
        ".txt": 6,
        ".py": 3,
        ".sh": 3,
    }


def test_the_samples_are_what_their_script_writes_and_small(tmp_path: Path) -> None:
    samples = write_samples.SAMPLES
    assert sum(path.stat().st_size for path in samples.iterdir()) < 400 * 1024
    write_samples.write(tmp_path)
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (samples / path.name).read_bytes()
