"""The extract stage: from the raw object to the processed one, and the message about it."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.adapters.docling import DoclingExtractor
from pipeline.adapters.objects import Objects
from pipeline.contract import Bucket, Extracted, IngestRequested, Metadata, Structure, content_key, document_id
from pipeline.errors import Malformed
from pipeline.settings import Settings
from pipeline.stages.extract import extract

HANDBOOK = Path(__file__).parent.parent.parent / "samples" / "backup-handbook.pdf"


@dataclass(frozen=True)
class Ports:
    objects: Objects
    extractor: DoclingExtractor


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[Ports]:
    extractor = DoclingExtractor()
    yield Ports(Objects(Settings(objects=tmp_path.as_uri())), extractor)
    extractor.close()


def request_for(raw: bytes, name: str) -> IngestRequested:
    metadata = Metadata(filename=name, media_type="text/plain", size=len(raw))
    return IngestRequested(doc_id=document_id(raw), source_uri=f"file:///{name}", metadata=metadata)


async def test_the_artifact_lies_under_the_hash_of_its_content_and_twice_gives_the_same(ports: Ports) -> None:
    raw = HANDBOOK.read_bytes()
    request = request_for(raw, "handbook.pdf")
    await ports.objects.put(Bucket.RAW, request.doc_id, raw)
    result = await extract(request, ports)
    assert result.doc_id == request.doc_id
    assert result.structure == Structure(title="Backup handbook", pages=4, blocks=25, headings=11)
    body = await ports.objects.get(Bucket.PROCESSED, result.garage_key)
    assert result.garage_key == content_key(request.doc_id, body)
    artifact = Extracted.model_validate_json(body)
    assert (artifact.source_uri, artifact.metadata.media_type) == ("file:///handbook.pdf", "application/pdf")
    assert await extract(request, ports) == result


async def test_a_document_that_cannot_be_read_leaves_no_artifact(ports: Ports, tmp_path: Path) -> None:
    raw = b"%PDF-1.7\n"
    request = request_for(raw, "a.pdf")
    await ports.objects.put(Bucket.RAW, request.doc_id, raw)
    with pytest.raises(Malformed, match="the PDF is truncated or damaged"):
        await extract(request, ports)
    assert list((tmp_path / "processed").iterdir()) == []


def test_nobody_but_the_extracting_process_loads_docling() -> None:
    script = (
        "import sys, pipeline.ingest, pipeline.stages.extract, pipeline.adapters.docling\n"
        "sys.exit(sorted(m for m in sys.modules if m.split('.')[0] in "
        "('docling', 'docling_core', 'docling_parse', 'pandas', 'pypdfium2')) != [])"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
