"""The extracting process: it may stumble, hang or be killed; the worker goes on."""

import io
import json
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from pipeline.adapters.docling import DoclingExtractor
from pipeline.contract import Extracted, Metadata
from pipeline.errors import Malformed, Unavailable
from writers import Text, docx, pdf


@pytest.fixture(scope="module")
def extractor() -> Iterator[DoclingExtractor]:
    made = DoclingExtractor()
    yield made
    made.close()


def extract(extractor: DoclingExtractor, name: str, raw: bytes) -> Extracted:
    metadata = Metadata(filename=name, media_type="text/plain", size=max(1, len(raw)))
    return extractor.extract("d" * 64, f"file:///{name}", metadata, raw)


def children() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "pipeline.adapters.extractors" in child.cmdline()]


def office(document: bytes) -> bytes:
    """A DOCX with these bytes as its main part."""
    original, changed = io.BytesIO(docx("T", [Text("MARK")])), io.BytesIO()
    with zipfile.ZipFile(original) as source, zipfile.ZipFile(changed, "w") as target:
        for name in source.namelist():
            body = source.read(name)
            main = name == "word/document.xml"
            target.writestr(name, document.replace(b"%", body.partition(b"?>")[2]) if main else body)
    return changed.getvalue()


def test_documents_come_back_one_after_the_other_from_one_process(extractor: DoclingExtractor) -> None:
    assert extract(extractor, "a.txt", b"words").blocks[0].text == "words"
    first = children()
    assert extract(extractor, "a.pdf", pdf("T", [Text("in a PDF")])).blocks[-1].text == "in a PDF"
    assert children() == first


def test_a_refusal_names_the_document_and_the_process_serves_on(extractor: DoclingExtractor) -> None:
    extract(extractor, "a.txt", b"words")
    first = children()
    with pytest.raises(Malformed, match=r"^b\.bin: its content is binary data of an unknown kind; "):
        extract(extractor, "b.bin", bytes(range(256)))
    assert extract(extractor, "c.txt", b"more").blocks[0].text == "more"
    assert children() == first


def test_a_document_over_which_the_reader_stumbles_is_malformed_and_the_next_one_is_read(
    extractor: DoclingExtractor,
) -> None:
    with pytest.raises(Malformed, match=r"^a.docx: it is damaged: its reader stumbled \(\w+: "):
        extract(extractor, "a.docx", office(b"<a/>"))
    assert extract(extractor, "b.txt", b"words").blocks[0].text == "words"


def test_entities_of_xml_read_no_file(extractor: DoclingExtractor, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("must stay here")
    head = f'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "{secret.as_uri()}">]>%'.encode()
    raw = office(head).replace(b"MARK", b"a&x;b")
    assert b"&x;" in raw
    try:
        said = extract(extractor, "a.docx", raw).model_dump_json()
    except Malformed as error:
        said = error.reason
    assert "must stay here" not in said


def test_a_killed_process_is_unavailable_and_replaced(extractor: DoclingExtractor) -> None:
    extract(extractor, "a.txt", b"words")
    [child] = children()
    child.suspend()
    raised: list[Exception] = []

    def ask() -> None:
        try:
            extract(extractor, "b.txt", b"words")
        except Unavailable as error:
            raised.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    child.kill()
    asking.join(30)
    [error] = raised
    assert str(error) == "extracting b.txt: its process was killed, probably for want of memory"
    assert extract(extractor, "c.txt", b"words").blocks[0].text == "words"


def test_a_document_that_takes_too_long_is_unavailable() -> None:
    before = children()
    extractor = DoclingExtractor(timeout=0.01)
    with pytest.raises(Unavailable, match=r"^extracting a\.txt: took more than 0 s$"):
        extract(extractor, "a.txt", b"words")
    assert children() == before


def test_closing_ends_the_process() -> None:
    before = children()
    extractor = DoclingExtractor()
    extract(extractor, "a.txt", b"words")
    [child] = [each for each in children() if each not in before]
    extractor.close()
    assert not child.is_running()


def test_the_process_ends_in_the_midst_of_a_document_when_its_parent_is_gone() -> None:
    raw = b"def f(): return 1\n" * 50_000  # seconds of work
    metadata = Metadata(filename="a.py", media_type="text/x-python", size=len(raw))
    request = {"doc_id": "d", "source_uri": "u", "metadata": metadata.model_dump(), "size": len(raw)}
    child = subprocess.Popen(
        [sys.executable, "-m", "pipeline.adapters.extractors"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    said, _ = child.communicate(json.dumps(request).encode() + b"\n" + raw, timeout=60)
    assert child.returncode == 1
    assert [list(json.loads(line)) for line in said.splitlines()] == [["ready"]]
