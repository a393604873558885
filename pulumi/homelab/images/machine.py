"""How this machine reaches package sources, for the time of a build: mounted, so that no image holds any of it."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from homelab.tools import index

CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
CACHE = "/root/.cache"
"""Of root, in a build."""


@contextmanager
def mounts(apt: str | None, cache: Path) -> Iterator[list[str]]:
    """`--volume` flags of buildah. `apt` is the text of a sources.list for our own base, None for another's.

    pip, uv and npm keep what they fetched in `cache`, so that a changed file of ours fetches nothing again.
    """
    sources = index.configured(os.environ, Path.home())
    certificates = Path(sources.certificates) if sources.certificates else CERTIFICATES
    with TemporaryDirectory(prefix="homelab-images-") as scratch:
        folder = Path(scratch)
        files = {
            "/etc/pip.conf": _pip(sources),
            "/etc/uv/uv.toml": _uv(sources),
            "/etc/apt/apt.conf.d/90machine": _apt_settings(),
            "/root/.npmrc": _npm(Path.home() / ".npmrc"),
        }
        if apt is not None:
            files["/etc/apt/sources.list"] = apt
        volumes = []
        for number, (target, text) in enumerate(files.items()):
            path = folder / str(number)
            path.write_text(text, encoding="utf-8")
            volumes.append((path, target))
        if certificates.is_file():
            volumes.append((certificates, str(CERTIFICATES)))
        volumes += [(path, str(path)) for link in sources.links if (path := Path(link)).is_dir()]
        cache.mkdir(exist_ok=True)
        yield [
            f"--volume={cache}:{CACHE}",
            *(f"--volume={path}:{target}:ro" for path, target in volumes),
        ]


def _links(sources: index.Sources) -> list[str]:
    """Pages, and the folders that are there: uv refuses one that is not."""
    return [link for link in sources.links if "://" in link or Path(link).is_dir()]


def _pip(sources: index.Sources) -> str:
    lines = ["[global]", f"cert = {CERTIFICATES}"]
    if sources.indexes:
        first, *more = sources.indexes
        lines += [f"index-url = {first}"]
        lines += [f"extra-index-url = {' '.join(more)}"] if more else []
    else:
        lines.append("no-index = true")
    if links := _links(sources):
        lines.append(f"find-links = {' '.join(links)}")
    return "\n".join(lines) + "\n"


def _uv(sources: index.Sources) -> str:
    lines = ["system-certs = true", f"no-index = {'false' if sources.indexes else 'true'}"]
    if links := _links(sources):
        lines.append(f"find-links = {links!r}")
    for number, url in enumerate(sources.indexes):
        lines += ["[[index]]", f'url = "{url}"', f"default = {'false' if number else 'true'}"]
    return "\n".join(lines) + "\n"


def _npm(person: Path) -> str:
    """The person's own settings; only the certificates lie elsewhere than theirs may."""
    said = person.read_text(encoding="utf-8").splitlines() if person.is_file() else []
    return (
        "\n".join(
            [
                *(line for line in said if not line.startswith(("cafile", "cache"))),
                f"cafile={CERTIFICATES}",
                f"cache={CACHE}/npm",
            ]
        )
        + "\n"
    )


def _apt_settings() -> str:
    """Proxies and certificates of this machine's apt, where it has one."""
    try:
        told = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True).stdout
    except FileNotFoundError:
        return ""
    wanted = ("Acquire::http", "Acquire::https", "Acquire::Check-")
    kept = [line for line in told.splitlines() if line.startswith(wanted) and not line.endswith('"";')]
    return "\n".join(kept) + "\n"
