"""Garage lets raw documents go after their time, and keeps what a person has ruled beside it."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import httpx
import pytest
from garage_process import garage
from pydantic import SecretStr

from pipeline.adapters import retention
from pipeline.adapters.retention import expire
from pipeline.contract import Bucket
from pipeline.errors import Refused, Unavailable
from pipeline.settings import Settings
from servers import free_port

LOOPBACK = "127.0.0.1"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with garage(tmp_path_factory.mktemp("garage")) as settings:
        yield settings


def rules(store: Settings, bucket: Bucket) -> list[tuple[str | None, str | None]]:
    """Ids and days, as Garage tells them."""
    told = asyncio.run(retention._lifecycle(store, bucket, "GET"))
    if told.status_code == httpx.codes.NOT_FOUND:
        return []
    found = ET.fromstring(told.raise_for_status().content).findall("{*}Rule")  # noqa: S314  our own store's answer
    return [(rule.findtext("{*}ID"), rule.findtext("{*}Expiration/{*}Days")) for rule in found]


def test_raw_documents_go_after_their_days_and_a_second_time_changes_nothing(store: Settings) -> None:
    assert asyncio.run(expire(store, Bucket.RAW, 90)) is True
    assert rules(store, Bucket.RAW) == [("expire-after-days", "90")]
    assert asyncio.run(expire(store, Bucket.RAW, 90)) is False
    assert rules(store, Bucket.PROCESSED) == []


def test_other_days_take_the_place_of_the_old_ones(store: Settings) -> None:
    asyncio.run(expire(store, Bucket.RAW, 90))
    assert asyncio.run(expire(store, Bucket.RAW, 30)) is True
    assert rules(store, Bucket.RAW) == [("expire-after-days", "30")]


def test_a_rule_that_a_person_made_stays(store: Settings) -> None:
    own = (
        f'<LifecycleConfiguration xmlns="{retention.SPACE}"><Rule><ID>mine</ID><Filter><Prefix>tmp/</Prefix>'
        "</Filter><Status>Enabled</Status><Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>"
    )
    asyncio.run(retention._lifecycle(store, Bucket.MODELS, "PUT", own.encode())).raise_for_status()
    assert asyncio.run(expire(store, Bucket.MODELS, 90)) is True
    assert rules(store, Bucket.MODELS) == [("mine", "1"), ("expire-after-days", "90")]


def test_a_wrong_key_is_refused_and_never_shown(store: Settings) -> None:
    wrong = store.model_copy(update={"s3_secret_key": SecretStr("of-somebody-else")})
    with pytest.raises(Refused) as refusal:
        asyncio.run(expire(wrong, Bucket.RAW, 90))
    assert "lifecycle of raw-documents: 403" in str(refusal.value)
    assert "of-somebody-else" not in str(refusal.value)


def test_a_store_that_is_away_is_unavailable(store: Settings) -> None:
    away = store.model_copy(update={"s3_endpoint": f"http://{LOOPBACK}:{free_port()}"})
    with pytest.raises(Unavailable, match=r"^objects: http://127\.0\.0\.1:"):
        asyncio.run(expire(away, Bucket.RAW, 90))


def test_a_folder_keeps_everything(tmp_path: Path) -> None:
    assert asyncio.run(expire(Settings(objects=tmp_path.as_uri()), Bucket.RAW, 90)) is False
