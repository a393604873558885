"""How long a bucket keeps its objects: one rule of its lifecycle, on Garage and any other S3.

obstore knows objects only, so this one request is signed here: AWS' "Signature Version 4 signing process".
"""

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import httpx

from pipeline.adapters.objects import WHERE
from pipeline.contract import Bucket
from pipeline.errors import Misconfigured, Refused, Unavailable
from pipeline.settings import Settings

RULE = "expire-after-days"
"""The id of our rule; those that a person has made beside it stay."""

SPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
PATIENCE = 10.0
"""Seconds for one answer."""


async def expire(settings: Settings, bucket: Bucket, days: int) -> bool:
    """Let objects of `bucket` go `days` after they came; returns whether that was new. A folder keeps all.

    Raises Refused, Unavailable.
    """
    if urlsplit(settings.objects).scheme != "s3":
        return False
    present = await _lifecycle(settings, bucket, "GET")
    rules = ET.Element(f"{{{SPACE}}}LifecycleConfiguration")
    if present.status_code != httpx.codes.NOT_FOUND:
        rules = ET.fromstring(_passed(present, bucket).content)  # noqa: S314  our own store's answer
    ours = [rule for rule in rules.findall("{*}Rule") if rule.findtext("{*}ID") == RULE]
    if [_meaning(rule) for rule in ours] == [("Enabled", str(days))]:
        return False
    for rule in ours:
        rules.remove(rule)
    rules.append(_rule(days))
    ET.register_namespace("", SPACE)
    _passed(await _lifecycle(settings, bucket, "PUT", ET.tostring(rules)), bucket)
    return True


def _rule(days: int) -> ET.Element:
    rule = ET.Element(f"{{{SPACE}}}Rule")
    for name, text in (("ID", RULE), ("Filter", ""), ("Status", "Enabled")):
        ET.SubElement(rule, f"{{{SPACE}}}{name}").text = text
    ET.SubElement(ET.SubElement(rule, f"{{{SPACE}}}Expiration"), f"{{{SPACE}}}Days").text = str(days)
    return rule


def _meaning(rule: ET.Element) -> tuple[str | None, str | None]:
    return rule.findtext("{*}Status"), rule.findtext("{*}Expiration/{*}Days")


def _passed(response: httpx.Response, bucket: Bucket) -> httpx.Response:
    """Raises Refused or Unavailable with what the server said."""
    if response.is_success:
        return response
    said = f"lifecycle of {bucket}: {response.status_code} {' '.join(response.text.split())[:200]}"
    raise (Refused if response.status_code in (401, 403) else Unavailable)(WHERE, said)


async def _lifecycle(settings: Settings, bucket: Bucket, method: str, body: bytes = b"") -> httpx.Response:
    url = f"{settings.s3_endpoint.rstrip('/')}/{bucket}"
    headers = _signed(settings, method, url, body, datetime.now(UTC))
    try:
        async with httpx.AsyncClient(timeout=PATIENCE) as client:
            return await client.request(method, f"{url}?lifecycle=", content=body, headers=headers)
    except httpx.TransportError as error:
        raise Unavailable(WHERE, f"{settings.s3_endpoint}: {error or type(error).__name__}") from error


def _signed(settings: Settings, method: str, url: str, body: bytes, now: datetime) -> dict[str, str]:
    """The headers of a request with the query `lifecycle=`."""
    if settings.s3_access_key is None or settings.s3_secret_key is None:
        raise Misconfigured("LAB_OBJECTS", "s3:// needs LAB_S3_ACCESS_KEY and LAB_S3_SECRET_KEY")
    where, day = urlsplit(url), f"{now:%Y%m%d}"
    digest = hashlib.sha256(body).hexdigest()
    headers = {
        "content-md5": base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode(),  # AWS insists
        "host": where.netloc,
        "x-amz-content-sha256": digest,
        "x-amz-date": f"{now:%Y%m%dT%H%M%SZ}",
    }
    names = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    request = "\n".join((method, where.path, "lifecycle=", lines, names, digest))
    scope = f"{day}/{settings.s3_region}/s3/aws4_request"
    hashed = hashlib.sha256(request.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{headers['x-amz-date']}\n{scope}\n{hashed}"
    key = f"AWS4{settings.s3_secret_key.get_secret_value()}".encode()
    for part in (*scope.split("/"), text):
        key = hmac.digest(key, part.encode(), "sha256")
    credential = f"{settings.s3_access_key.get_secret_value()}/{scope}"
    return headers | {
        "authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature={key.hex()}"
    }
