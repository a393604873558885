"""The buckets of the contract, on Garage: `python -m pipeline.buckets URL`, its admin door, as often as you like.

GARAGE_ADMIN_TOKEN opens that door; the key GARAGE_DEFAULT_ACCESS_KEY, which Garage knows, may use each bucket.
"""

import os
import sys
from typing import Any

import httpx

from pipeline.contract import Bucket

PATIENCE = 10.0
"""Seconds for one answer."""


def make(url: str, token: str, access_key: str) -> list[str]:
    """The names of those that were created. Raises httpx.HTTPError when the door is away or refuses."""
    created = []
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE) as admin:
        for bucket in Bucket:
            found = admin.get("/v2/GetBucketInfo", params={"globalAlias": bucket.value})
            if found.status_code == httpx.codes.NOT_FOUND:
                found = admin.post("/v2/CreateBucket", json={"globalAlias": bucket.value})
                created.append(bucket.value)
            known: dict[str, Any] = found.raise_for_status().json()
            permissions = {"read": True, "write": True, "owner": True}
            grant = {"bucketId": known["id"], "accessKeyId": access_key, "permissions": permissions}
            admin.post("/v2/AllowBucketKey", json=grant).raise_for_status()
    return created


def main() -> int:
    try:
        created = make(sys.argv[1], os.environ["GARAGE_ADMIN_TOKEN"], os.environ["GARAGE_DEFAULT_ACCESS_KEY"])
    except httpx.HTTPError as error:
        sys.stderr.write(f"buckets: {error}\n")
        return 1
    sys.stdout.write(f"buckets: {', '.join(created) or 'nothing'} created\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
