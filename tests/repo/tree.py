"""The tree as git sees it, for the tests of its rules."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@cache
def files() -> tuple[Path, ...]:
    """Every file that is or could be committed, relative to ROOT."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    names = (Path(name.decode()) for name in listed.stdout.split(b"\0") if name)
    return tuple(sorted(name for name in set(names) if (ROOT / name).is_file()))


def python(folder: str) -> list[Path]:
    """The Python files below `folder`, relative to ROOT; at least one."""
    found = [path for path in files() if path.suffix == ".py" and path.is_relative_to(folder)]
    assert found, f"{folder} holds no Python file"
    return found


def imports(path: Path) -> Iterator[str]:
    """Every module that the file imports anywhere, by its whole dotted name; `from a import b` gives a.b."""
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively; write the package's name"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def text(path: Path | str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def recipes() -> set[str]:
    """The recipes that people see, from the justfile itself."""
    names: set[str] = set()
    private = False
    for line in text("justfile").splitlines():
        if line.startswith("["):
            private = private or line.startswith("[private")
        elif line and not line[0].isspace() and not line.startswith(("#", "set ")) and ":=" not in line:
            if not private:
                names.add(line.split(":")[0].split()[0])
            private = False
    assert {"demo", "test", "check"} <= names
    return names
