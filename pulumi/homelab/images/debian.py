"""A base image without a registry: Debian by mmdebstrap, from the mirror that this machine is configured for."""

import hashlib
import json
import os
import platform
import re
import shutil
from pathlib import Path

from homelab.errors import MissingTool, Problem
from homelab.images.model import Base
from homelab.images.store import Store
from homelab.tools.needs import Need, require
from homelab.tools.progress import Failed, follow

MMDEBSTRAP = Need("mmdebstrap", package="mmdebstrap")  # half the time of debootstrap, for the same packages
PACKAGES = ("ca-certificates", "python3", "usr-is-merged")
MERGED = "/usr/share/mmdebstrap/hooks/merged-usr"
"""/bin is in /usr from the first package on; with `usr-is-merged`, else Perl is installed to see to it."""
EMPTIED = (
    *("usr/share/doc", "usr/share/info", "usr/share/locale", "usr/share/man"),
    *("var/cache/apt", "var/cache/debconf", "var/lib/apt/lists", "var/log"),
)
"""Half of the base: translations, manuals, and what apt fetches again when it is asked."""


def reference(base: Base) -> str:
    recipe = json.dumps(["mmdebstrap", base.suite, base.updated, PACKAGES, EMPTIED, platform.machine()])
    return f"localhost/homelab-base:{base.suite}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"


def possible() -> None:
    """Raises MissingTool with what keeps mmdebstrap from making a base here: that it is absent, or not root."""
    problems: list[Problem] = []
    try:
        require("images", [MMDEBSTRAP])
    except MissingTool as missing:
        problems += missing.problems
    if os.geteuid():
        rule = "a base image is made as root only"
        problems.append(Problem("images", "not root", rule, "run it by sudo, or pull: --base registry"))
    if problems:
        raise MissingTool(*problems)


def ensure(base: Base, store: Store) -> str:
    """The base's name in the store, made now unless it is there.

    Raises MissingTool without mmdebstrap or root, which it needs, or when it fails.
    """
    name = reference(base)
    if store.find(name) is not None:
        return name
    possible()
    container = store.ask("from", "scratch")
    try:
        _fill(Path(store.ask("mount", container)), base, store)
        store.ask("umount", container)
        store.ask("config", "--env", "LANG=C.UTF-8", "--cmd", "bash", container)
        store.ask("commit", "--quiet", container, name)
        store.forget(f"{name.rpartition('-')[0]}-", but=name)
    finally:
        store.ask("rm", container)
    return name


def _fill(root: Path, base: Base, store: Store) -> None:
    log = store.home / f"mmdebstrap-{base.suite}.log"
    packages = f"--include={','.join(PACKAGES)}"
    words = ["mmdebstrap", "--variant=minbase", f"--hook-dir={MERGED}", packages, base.suite, str(root)]
    mirror = next(iter(mirrors()), None)
    title = f"Installing Debian {base.suite} as the base image (about 1 min)"
    try:
        follow(
            [*words, *([mirror] if mirror else [])],
            title,
            cwd=store.home,
            describe=lambda line: line.removeprefix("I: "),
        )
    except Failed as failed:
        log.write_text("\n".join(failed.messages) + "\n", encoding="utf-8")
        said = next((line for line in reversed(failed.messages) if line.startswith("E: ")), str(failed))
        raise MissingTool(Problem(f"base {base.suite}", said, "mmdebstrap must succeed", f"see {log}")) from failed
    for place in EMPTIED:
        for path in (root / place).iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    # Where this machine fetches from is nobody else's business: a build is given it by a mount.
    shutil.move(root / "etc/apt/sources.list", _sources(base, store))


def mirrors(etc: Path = Path("/etc/apt")) -> list[str]:
    """The Debian mirrors of this machine's apt, the first that it names first; none on another distribution."""
    texts = [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*.[ls]*"))]
    lines = "\n".join(path.read_text(encoding="utf-8") for path in texts if path.is_file()).splitlines()
    uses = [line for line in lines if re.match(r"(deb\s|URIs:)", line)]
    found = [url.rstrip("/") for line in uses for url in re.findall(r"https?://\S+", line)]
    return [url for url in dict.fromkeys(found) if url.endswith("/debian")]


def apt_sources(base: Base, store: Store) -> str:
    """The sources.list for builds on this base, as mmdebstrap wrote it."""
    return _sources(base, store).read_text(encoding="utf-8")


def _sources(base: Base, store: Store) -> Path:
    return store.home / f"{reference(base).rpartition(':')[2]}.list"
