"""The object store: a local folder, or Garage and any other S3, behind one library.

Keys are content-addressed, so that a second put of a key would write the same bytes: it is left out. (A
conditional put would not do: Garage takes the condition and overwrites all the same.)
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError, NotFoundError, PermissionDeniedError, UnauthenticatedError
from obstore.store import LocalStore, S3Store

from pipeline.bounded import within
from pipeline.contract import Bucket
from pipeline.errors import Malformed, Misconfigured, NoSpace, Refused, Unavailable
from pipeline.settings import Settings

if TYPE_CHECKING:  # obstore has them in its type stubs only
    from obstore.store import ClientConfig, RetryConfig

WHERE = "objects"

FULL = ("No space left on device", "database or disk is full")
"""As a file system says it, and Garage where its own small database finds no room."""

ANSWERS = 10.0
"""Seconds until an answer begins to a request without a body: milliseconds, unless the machine at the other end of
a kept connection died, from which nothing ever comes. Whoever asks again gets another connection."""

_CLIENT: "ClientConfig" = {
    "connect_timeout": timedelta(seconds=5),
    "pool_idle_timeout": timedelta(seconds=5),  # below ANSWERS: after one dead connection no other is left
    "timeout": timedelta(seconds=120),  # a whole request: 100 MiB over a 10 MB/s link, ten times
    "allow_http": True,  # inside the tailnet or on loopback
}
_RETRY: "RetryConfig" = {"max_retries": 2, "retry_timeout": timedelta(seconds=10)}


class Objects:
    """The ObjectStore port over one store a bucket. Raises Malformed for a key that is not there."""

    def __init__(self, settings: Settings) -> None:
        self._stores = {bucket.value: _store(settings, bucket) for bucket in Bucket}

    async def check(self) -> None:
        for store in self._stores.values():
            with _named("check"):
                await obstore.list_with_delimiter_async(store, prefix="readiness")

    async def close(self) -> None:
        """Nothing is held between two calls."""

    async def put(self, bucket: str, key: str, body: bytes) -> None:
        if not await self.exists(bucket, key):
            with _named(f"{bucket}/{key}"):
                await obstore.put_async(self._stores[bucket], key, body)

    async def get(self, bucket: str, key: str) -> bytes:
        with _named(f"{bucket}/{key}"):
            result = await within(ANSWERS, WHERE, obstore.get_async(self._stores[bucket], key))
            return bytes(await result.bytes_async())

    async def exists(self, bucket: str, key: str) -> bool:
        with _named(f"{bucket}/{key}"):
            try:
                await within(ANSWERS, WHERE, obstore.head_async(self._stores[bucket], key))
            except (FileNotFoundError, NotFoundError):
                return False
        return True

    async def delete(self, bucket: str, key: str) -> None:
        """Whether it is there or not."""
        if not await self.exists(bucket, key):
            return  # Garage would call the deletion of what is not there a failure, in words of its own
        with _named(f"{bucket}/{key}"):
            try:
                await within(ANSWERS, WHERE, obstore.delete_async(self._stores[bucket], key))
            except (FileNotFoundError, NotFoundError):
                return

    async def clear(self, bucket: str, folder: str) -> int:
        keys = await self.keys(bucket, f"{folder}/")
        for key in keys:
            await self.delete(bucket, key)
        return len(keys)

    async def keys(self, bucket: str, start: str) -> list[str]:
        folder, _, _ = start.rpartition("/")  # all that the library can look for: whole names between slashes
        with _named(f"{bucket}/{start}"):
            listed = obstore.list(self._stores[bucket], prefix=folder or None)
            return [found["path"] async for some in listed for found in some if found["path"].startswith(start)]


def _store(settings: Settings, bucket: Bucket) -> LocalStore | S3Store:
    url = urlsplit(settings.objects)
    if url.scheme == "file":
        with _named(settings.objects):
            return LocalStore(Path(unquote(url.path)) / bucket.value, mkdir=True, automatic_cleanup=True)
    if url.scheme != "s3":
        raise Misconfigured("LAB_OBJECTS", f"{settings.objects!r} is neither file:///folder nor s3://")
    if settings.s3_access_key is None or settings.s3_secret_key is None:
        raise Misconfigured("LAB_OBJECTS", "s3:// needs LAB_S3_ACCESS_KEY and LAB_S3_SECRET_KEY")
    return S3Store(
        bucket.value,
        endpoint=settings.s3_endpoint,
        region=settings.s3_region,
        access_key_id=settings.s3_access_key.get_secret_value(),
        secret_access_key=settings.s3_secret_key.get_secret_value(),
        virtual_hosted_style_request=False,
        client_options=_CLIENT,
        retry_config=_RETRY,
    )


@contextmanager
def _named(what: str) -> Iterator[None]:
    """The library's errors in the pipeline's words: their first line, since the rest is its debug print."""
    try:
        yield
    except (FileNotFoundError, NotFoundError) as error:
        raise Malformed(WHERE, f"there is no object {what}") from error
    except (PermissionError, PermissionDeniedError, UnauthenticatedError) as error:
        raise Refused(WHERE, _first_line(error)) from error
    except (OSError, BaseError) as error:
        reason = _first_line(error)
        if any(words in reason for words in FULL):
            raise NoSpace(WHERE, f"no space left on device for {what}") from error
        raise Unavailable(WHERE, reason) from error


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
