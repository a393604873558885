"""Reading an address with the standard library: certificates, proxies and passwords as the machine has them."""

import base64
import netrc
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

TIMEOUT = 30  # seconds without a byte before a connection counts as dead
ACCEPT = "application/vnd.pypi.simple.v1+json, text/html;q=0.5, */*;q=0.1"


class Reader:
    """GET for http, https and file addresses.

    Passwords come from the addresses themselves or ~/.netrc, and are sent only to the server they belong to, also
    after a redirect. Proxies come from `https_proxy` and its kin.
    """

    def __init__(self, certificates: str | None, addresses: Sequence[str], home: Path) -> None:
        context = ssl.create_default_context()
        if certificates:
            bundle = Path(certificates).expanduser()
            context.load_verify_locations(
                cafile=None if bundle.is_dir() else str(bundle), capath=str(bundle) if bundle.is_dir() else None
            )
        logins = {_server(address): login for address in addresses if (login := _login(address, home))}
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=context), _Passwords(logins)
        )

    def read(self, address: str) -> tuple[bytes, str]:
        """The content and the address that it came from in the end. Raises OSError or HTTPException."""
        request = urllib.request.Request(public(address), headers={"Accept": ACCEPT})  # noqa: S310 - see below
        with self._opener.open(request, timeout=TIMEOUT) as response:  # http, https and file: all are wanted
            return response.read(), response.geturl()


class _Passwords(urllib.request.BaseHandler):
    """Sends each server its own `user:password` and no other's, also after a redirect."""

    def __init__(self, logins: Mapping[str, str]) -> None:
        self._logins = logins

    def http_request(self, request: urllib.request.Request) -> urllib.request.Request:
        if login := self._logins.get(_server(request.full_url)):
            value = base64.b64encode(login.encode()).decode("ascii")
            request.add_unredirected_header("Authorization", f"Basic {value}")
        return request

    https_request = http_request


def public(address: str) -> str:
    """The address without user and password."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def cause(error: Exception) -> str:
    """What went wrong, in the words of the last error down the line: `Connection refused`."""
    if isinstance(error, urllib.error.HTTPError):
        return f"HTTP {error.code} {error.reason}".rstrip()
    if isinstance(error, urllib.error.URLError) and isinstance(error.reason, Exception):
        return cause(error.reason)
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"{error.verify_message} (are ca-certificates installed?)"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


def _server(address: str) -> str:
    parts = urlsplit(public(address))
    return urlunsplit((parts.scheme, parts.netloc, "/", "", ""))


def _login(address: str, home: Path) -> str | None:
    parts = urlsplit(address)
    if not parts.hostname:
        return None
    if parts.username is not None:
        return f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    try:
        found = netrc.netrc(str(home / ".netrc")).authenticators(parts.hostname)
    except (OSError, netrc.NetrcParseError):
        return None  # absent, not ours to read, or kept too openly: then the server is asked without
    return f"{found[0]}:{found[2]}" if found else None
