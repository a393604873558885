"""Paths as people give them: what is taken, what is left out, what gets a line."""

import os
import socket
from pathlib import Path

import pytest

from pipeline.intake import Candidate, inspect
from pipeline.problem import Problem, shown
from pipeline.walk import Walk


def taken(*paths: Path) -> list[Path]:
    return [entry for entry in Walk(paths) if isinstance(entry, Path)]


def refused(*paths: Path) -> list[str]:
    return [str(entry) for entry in Walk(paths) if isinstance(entry, Problem)]


def test_folders_are_walked_by_name_and_hidden_files_and_tool_folders_are_left_out(tmp_path: Path) -> None:
    for name in (
        "b.txt",
        "a/z.txt",
        ".git/config",
        ".hidden.txt",
        "env/pyvenv.cfg",
        "env/x.py",
        "node_modules/y.js",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    walk = Walk([tmp_path])
    assert list(walk) == [tmp_path / "a/z.txt", tmp_path / "b.txt"]
    assert walk.notes == (
        "left out 2 hidden files and folders; name them to have them taken",
        f"left out folders of tools: {tmp_path}/env, {tmp_path}/node_modules",
    )


def test_a_hidden_file_or_tool_folder_that_is_named_is_taken(tmp_path: Path) -> None:
    hidden, folder = tmp_path / ".notes.md", tmp_path / "venv"
    folder.mkdir()
    hidden.write_text("x")
    (folder / "a.txt").write_text("x")
    assert taken(hidden, folder) == [hidden, folder / "a.txt"]


def test_a_file_that_several_paths_lead_to_comes_once(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("x")
    (tmp_path / "link.txt").symlink_to(file)
    os.link(file, tmp_path / "hard.txt")
    assert taken(file, tmp_path, tmp_path / "link.txt") == [file]


def test_linked_folders_are_followed_and_a_loop_is_a_problem_of_one_line(tmp_path: Path) -> None:
    shelf, elsewhere = tmp_path / "shelf", tmp_path / "elsewhere"
    shelf.mkdir()
    elsewhere.mkdir()
    (elsewhere / "a.txt").write_text("x")
    (shelf / "linked").symlink_to(elsewhere)
    (shelf / "loop").symlink_to(shelf)
    (shelf / "self").symlink_to(shelf / "self")
    assert taken(shelf) == [shelf / "linked/a.txt"]
    assert refused(shelf) == [
        f"{shelf}/loop · a link to a folder that it lies in · folders must not contain themselves · "
        "remove the link; everything else in the folder is taken",
        f"{shelf}/self · too many levels of symbolic links · a path must lead to a file or folder · mend it",
    ]


def test_missing_paths_broken_links_and_sockets_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken").symlink_to(tmp_path / "gone")
    with socket.socket(socket.AF_UNIX) as door:
        monkeypatch.chdir(tmp_path)  # the path of a socket has at most 107 bytes
        door.bind("door")
        assert refused(tmp_path / "gone", tmp_path) == [
            f"{tmp_path}/gone · no such file or folder · paths must exist · check the spelling",
            f"{tmp_path}/broken · a link to nothing · a link must lead to a file · remove or mend the link",
            f"{tmp_path}/door · a device, pipe or socket · documents are files · leave it out",
        ]


def test_a_name_that_is_no_utf_8_is_taken_and_shown_escaped(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9\n.txt")
    path.write_text("x")
    [found] = taken(tmp_path)
    candidate = inspect(found, 100)
    assert isinstance(candidate, Candidate)
    assert candidate.metadata.filename == r"caf\xe9\n.txt"
    assert candidate.source_uri == f"{tmp_path.as_uri()}/caf%E9%0A.txt"
    assert shown("a\x1b[31mb") == r"a\x1b[31mb"


def test_a_file_is_looked_at_without_being_read_into_memory(tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    path.write_bytes(b"# Notes\n")
    os.utime(path, (1_767_225_600, 1_767_225_600))
    candidate = inspect(path, 100)
    assert isinstance(candidate, Candidate)
    assert candidate.doc_id == "365d0b84ae63c2afc293dedd2b00bdf0dc8d6ef70c9297d90f9e5682ab0d72ee"
    assert candidate.metadata.model_dump() == {
        "filename": "notes.md",
        "media_type": "text/markdown",
        "size": 8,
        "modified": "2026-01-01T00:00:00+00:00",
        "note": None,
    }


def test_an_empty_file_and_one_that_is_too_large_are_refused(tmp_path: Path) -> None:
    empty, large = tmp_path / "empty.txt", tmp_path / "large.pdf"
    empty.touch()
    with large.open("wb") as file:
        file.truncate(200 * 1024**2)
    assert str(inspect(empty, 100)) == f"{empty} · an empty file · a document has content · leave it out"
    assert str(inspect(large, 100)) == (
        f"{large} · 200 MiB · documents have at most 100 MiB · split it, or raise documents.max_mib in lab.yaml"
    )


def test_a_type_that_nothing_reads_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    path.write_bytes(b"SQLite format 3\0" + bytes(100))
    assert str(inspect(path, 100)) == (
        f"{path} · its content is application/x-sqlite3 · "
        "PDF, DOCX, PPTX, HTML, Markdown, plain text and source code can be read"
    )


def test_a_file_that_may_not_be_read_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "secret.txt"
    path.write_text("x")
    path.chmod(0)
    line = f"{path} · no permission to read it · documents are read as whoever runs this · chmod or chown it"
    if os.geteuid() == 0:  # root reads everything: look as somebody who may enter the folder only
        folder = path.parent
        for parent in (folder, *folder.parents):
            if parent.owner() == "root" and parent != Path("/"):
                parent.chmod(parent.stat().st_mode | 0o011)
        os.seteuid(65534)
        try:
            assert str(inspect(path, 100)) == line
        finally:
            os.seteuid(0)
    else:
        assert str(inspect(path, 100)) == line
