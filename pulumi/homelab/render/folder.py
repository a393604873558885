"""A folder of manifests, one file for each object, and nothing of an earlier rendering."""

from collections.abc import Sequence
from pathlib import Path

from homelab.errors import InvalidInput, Problem
from homelab.render.text import Manifest, file_name, text

MARK = "# rendered by `./lab render`; the next one removes what it no longer has\n"


def write(folder: Path, manifests: Sequence[Manifest]) -> list[Path]:
    """Files of an earlier rendering that are no longer wanted go, all others stay.

    Raises InvalidInput where it cannot be written, or a file of another origin is in the way.
    """
    wanted = {folder / file_name(one): MARK + text(one) for one in manifests}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        own = {path for path in folder.glob("*.yaml") if _rendered(path)}
        strangers = [path for path in wanted if path.exists() and path not in own]
        if strangers:
            rule, fix = "not ours to write over", "name another folder, or move it away"
            raise InvalidInput(*(Problem("--out", str(path), rule, fix) for path in strangers))
        for path in own - wanted.keys():
            path.unlink()
        for path, content in wanted.items():
            path.write_text(content, "utf-8")
    except OSError as failure:
        given = (failure.strerror or "cannot be written").lower()
        raise InvalidInput(Problem("--out", str(folder), given, "name another folder")) from None
    return list(wanted)


def _rendered(path: Path) -> bool:
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.readline() == MARK
