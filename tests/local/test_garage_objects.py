"""Objects in the real Garage, which answers otherwise than a folder does."""

from pathlib import Path

import pytest
from garage_process import garage

from pipeline.adapters.objects import Objects
from pipeline.errors import Malformed


async def test_an_object_is_dropped_whether_it_is_there_or_not(tmp_path: Path) -> None:
    with garage(tmp_path) as settings:
        objects = Objects(settings)
        await objects.delete("processed", "never-put.json")
        await objects.put("processed", "k.json", b"first")
        assert await objects.get("processed", "k.json") == b"first"
        await objects.delete("processed", "k.json")
        await objects.delete("processed", "k.json")
        assert await objects.exists("processed", "k.json") is False
        with pytest.raises(Malformed, match=r"there is no object processed/k\.json"):
            await objects.get("processed", "k.json")


async def test_what_lies_in_a_document_s_folder_is_listed_and_cleared(tmp_path: Path) -> None:
    with garage(tmp_path) as settings:
        objects = Objects(settings)
        for key in ("abc/1.json", "abc/2.json", "abcd/3.json", "abce"):
            await objects.put("processed", key, b"x")
        assert await objects.keys("processed", "abc/") == ["abc/1.json", "abc/2.json"]
        assert await objects.keys("processed", "abcd") == ["abcd/3.json"]
        assert await objects.clear("processed", "abc") == 2
        assert await objects.clear("processed", "abc") == 0
        assert await objects.keys("processed", "") == ["abcd/3.json", "abce"]
