"""The processed artifact, as every stage after extract reads it."""

import asyncio

from pydantic import ValidationError

from pipeline.contract import Bucket, Extracted
from pipeline.errors import Malformed
from pipeline.ports import ObjectStore


async def artifact(objects: ObjectStore, key: str) -> Extracted:
    """What extract left at `key`. Raises Malformed when that is no artifact of this version."""
    body = await objects.get(Bucket.PROCESSED, key)
    try:
        return await asyncio.to_thread(Extracted.model_validate_json, body)
    except ValidationError as error:
        raise Malformed(
            f"processed/{key}", f"no artifact of this version: {error.error_count()} errors"
        ) from error
