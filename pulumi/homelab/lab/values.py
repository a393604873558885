"""The kinds of value that lab.yaml holds: each refuses with the rule and a mend."""

import re
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from homelab.consumers import CONSUMERS
from homelab.document import broken, meant
from homelab.llm import catalogue

ROOT = Path(__file__).resolve().parents[3]
"""The repository: where profiles/, ansible/ and lab.example.yaml are."""


def _as_text(path: object) -> object:
    """A default is a Path already, which strict reading of JSON would refuse."""
    return str(path) if isinstance(path, Path) else path


def _beside_the_lab_file(path: Path, info: ValidationInfo) -> Path:
    path = path.expanduser()
    return info.context["path"].resolve().parent / path if info.context else path


def _host_name(name: str) -> str:
    if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", name):
        better = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:63].strip("-")
        raise broken("a host name is a-z, 0-9 and hyphens", f"write {better or 'such as nas'}")
    return name


def _address(address: str) -> str:
    if "://" in address:
        raise broken("must be what ssh connects to", f"write {urlsplit(address).hostname or 'nas.lan'}")
    if "@" in address:
        user, _, _ = address.rpartition("@")
        raise broken("the user is a key of its own", f"move it to 'user: {user}'")
    try:
        ip_address(address)
    except ValueError:
        _, _, port = address.partition(":")
        if port:
            raise broken("the port is a key of its own", f"move it to 'port: {port}'") from None
        if not re.fullmatch(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?", address):
            raise broken("must be local, a name or an IP", "write such as nas.lan") from None
    return address


def _consumer(name: str) -> str:
    if name not in CONSUMERS:
        raise broken("no such consumer", meant(name, CONSUMERS, "see 'place' in lab.example.yaml"))
    return name


def _model(name: str) -> str:
    if not name.endswith(catalogue.GGUF) and name not in catalogue.names():
        raise broken("no such model", meant(name, catalogue.names(), "see docs/llm.md, or name a .gguf file"))
    return name


def url(text: str) -> str:
    """An http URL without a secret in it. Raises what a validator raises."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise broken(f"this is no URL ({str(error).lower()})", "write such as http://gpu.lan:11434/v1") from None
    if parts.username is not None or parts.password is not None:
        rule, fix = "a URL holds no user or password", "use api_key_file"
        raise broken(rule, fix, given="(not shown)")
    if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"\s", text) or port == 0:
        bare = re.fullmatch(r"[\w.-]+(:\d+)?(/\S*)?", text)
        raise broken(
            "must be an http(s) URL", "put http:// before it" if bare else "write such as http://gpu.lan/v1"
        )
    return text


def _key_file(path: Path) -> Path:
    """Refuses what looks like the key itself: the prefix of a known vendor, or a long word that is no path."""
    name = path.name
    if re.match(r"(sk|pk|hf|gsk|ghp|xai)[-_]|AIza|Bearer ", name) or re.fullmatch(r"[A-Za-z0-9_+=-]{32,}", name):
        fix = "name its file"
        raise broken("looks like the key itself", fix, given="(not shown)")
    return path


def _word(text: str) -> str:
    if not re.fullmatch(r"\S+", text):
        raise broken("must be one word", "write it without spaces")
    return text


def _absolute(path: str) -> str:
    if not path.startswith("/"):
        raise broken("must be an absolute path", f"write /{path.removeprefix('~').lstrip('./')}")
    return path


HostName = Annotated[str, AfterValidator(_host_name)]
Address = Annotated[str, AfterValidator(_address)]
Consumer = Annotated[str, AfterValidator(_consumer)]
ModelName = Annotated[str, AfterValidator(_model)]
Name = Annotated[str, AfterValidator(_word)]
RemotePath = Annotated[str, AfterValidator(_absolute)]
Port = Annotated[int, Field(ge=1, le=65535)]
Url = Annotated[str, AfterValidator(url)]
LabPath = Annotated[Path, Field(strict=False), BeforeValidator(_as_text), AfterValidator(_beside_the_lab_file)]
KeyFile = Annotated[LabPath, AfterValidator(_key_file)]
