"""The pipeline's workers as real processes over real servers, and a document to send through them."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import nats
from nats.js import JetStreamContext
from pydantic import SecretStr

from pipeline.adapters.graph import Graph
from pipeline.adapters.objects import Objects
from pipeline.adapters.vectors import Vectors
from pipeline.bootstrap import bootstrap
from pipeline.contract import (
    Block,
    Bucket,
    Extracted,
    IngestExtracted,
    Metadata,
    Structure,
    Subject,
    content_key,
    document_id,
)
from pipeline.settings import Settings
from servers import PATIENCE, answers, free_port, until


def environment(settings: Settings) -> dict[str, str]:
    """What a worker's process is told, in its own settings' names."""
    told = {}
    for name in settings.model_fields_set:
        value = getattr(settings, name)
        if value is not None:
            plain = value.get_secret_value() if isinstance(value, SecretStr) else value
            told[f"LAB_{name.upper()}"] = str(plain)
    return {**os.environ, **told}


@dataclass
class Process:
    """One worker. `log` is all that it has said."""

    popen: subprocess.Popen[bytes]
    path: Path
    ready: str

    @property
    def log(self) -> str:
        return self.path.read_text()

    def kill(self) -> None:
        self.popen.kill()
        self.popen.wait(PATIENCE)

    def end(self) -> int:
        """The exit code after SIGTERM."""
        self.popen.send_signal(signal.SIGTERM)
        return self.popen.wait(PATIENCE)


@contextmanager
def worker(stage: str, settings: Settings, folder: Path) -> Iterator[Process]:
    """A worker of `stage`, ready when the block begins; ended after it, unless it was before."""
    with workers(settings, folder, stage) as [process]:
        yield process


@contextmanager
def workers(settings: Settings, folder: Path, *stages: str, wait: bool = True) -> Iterator[list[Process]]:
    """The same for several, which start together."""
    processes = [_started(stage, settings, folder) for stage in stages]
    try:
        for process in processes:
            if wait:
                until(lambda each=process: _is_up(each), f"{process.path} tells of a ready worker")
        yield processes
    finally:
        running = [process for process in processes if process.popen.poll() is None]
        for process in running:
            process.popen.send_signal(signal.SIGTERM)
        for process in running:
            process.popen.wait(PATIENCE)


def _started(stage: str, settings: Settings, folder: Path) -> Process:
    port = free_port()
    path = folder / f"{stage}.log"
    with path.open("ab") as log:
        popen = subprocess.Popen(
            [sys.executable, "-m", "pipeline.worker", stage],
            env=environment(settings) | {"LAB_HEALTH_PORT": str(port)},
            stderr=log,
            stdin=subprocess.DEVNULL,
        )
    return Process(popen, path, f"http://127.0.0.1:{port}/ready")


def _is_up(process: Process) -> bool:
    assert process.popen.poll() is None, process.log
    return answers(process.ready)


async def eventually(condition: Callable[[], Awaitable[bool]], what: str, patience: float = PATIENCE) -> None:
    """Return once `condition` holds; raise AssertionError naming `what` when it does not in time."""
    deadline = asyncio.get_running_loop().time() + patience
    while not await condition():
        assert asyncio.get_running_loop().time() < deadline, f"waited {patience:.0f} s in vain: {what}"
        await asyncio.sleep(0.05)


def over_s3(settings: Settings, endpoint: str) -> Objects:
    """The object store of whatever answers at `endpoint`, with keys that only a stand-in takes."""
    keys = {"s3_access_key": SecretStr("GK0"), "s3_secret_key": SecretStr("0")}
    return Objects(settings.model_copy(update={"objects": "s3://", "s3_endpoint": endpoint} | keys))


def document(title: str = "Heat pump manual", paragraphs: int = 6) -> Extracted:
    """Some pages about a heat pump; the title makes it another document."""
    blocks = [Block(kind="heading", text=title, page=1, level=1)]
    for number in range(paragraphs):
        blocks += [
            Block(kind="heading", text=f"Part {number}", page=number + 1, level=2),
            Block(
                kind="text",
                page=number + 1,
                text=f"The heat pump in cellar {number} feeds the buffer tank. The compressor of the heat pump "
                f"draws {number + 2} kW, and the buffer tank holds {number * 100 + 300} litres of water.",
            ),
        ]
    metadata = Metadata(filename=f"{title}.md", media_type="text/markdown", size=1000)
    doc_id = document_id(title.encode())
    return Extracted(
        doc_id=doc_id,
        source_uri=f"file:///home/{title.replace(' ', '%20')}.md",
        metadata=metadata,
        title=title,
        pages=paragraphs,
        blocks=tuple(blocks),
    )


class Lab:
    """A bootstrapped lab, with its stores and streams at hand."""

    def __init__(self, settings: Settings, jetstream: JetStreamContext) -> None:
        self.settings = settings
        self.jetstream = jetstream
        self.objects = Objects(settings)
        self.vectors = Vectors(settings, connections=1)
        self.graph = Graph(settings)

    async def send(self, extracted: Extracted) -> str:
        """As if the extract stage had just done its work; returns the document's id."""
        body = extracted.model_dump_json().encode()
        key = content_key(extracted.doc_id, body)
        await self.objects.put(Bucket.PROCESSED, key, body)
        structure = Structure(
            title=extracted.title, pages=extracted.pages, blocks=len(extracted.blocks), headings=0
        )
        message = IngestExtracted(doc_id=extracted.doc_id, garage_key=key, structure=structure)
        await self.jetstream.publish(Subject.INGEST_EXTRACTED, message.model_dump_json().encode())
        return extracted.doc_id

    async def complete(self, *doc_ids: str, patience: float = PATIENCE) -> None:
        async def done() -> bool:
            return await self.vectors.completed(doc_ids) == set(doc_ids)

        await eventually(done, "the documents are complete", patience)

    async def counts(self) -> tuple[int, int, int]:
        """Documents, chunks, triples."""
        rows = await self.vectors.counts()
        return rows["documents"], rows["chunks"], await self.graph.count()

    async def idle(self) -> None:
        """Nothing is waiting for a worker, and none has anything in work."""

        async def empty() -> bool:
            # in the order in which messages move, so that none is missed between two looks
            pairs = [("INGEST", "chunk"), ("INGEST", "embed"), ("EMBED", "graph")]
            infos = [await self.jetstream.consumer_info(*pair) for pair in pairs]
            return not any((info.num_pending or 0) + (info.num_ack_pending or 0) for info in infos)

        await eventually(empty, "nothing waits and nothing is in work")

    async def dead(self, stage: str) -> list[bytes]:
        """The dead letters of a stage, oldest first."""
        return await self._messages(f"{Subject.DEAD}.{stage}.*")

    async def alerts(self, stage: str) -> list[bytes]:
        return await self._messages(f"{Subject.ALERT}.{stage}")

    async def _messages(self, subject: str) -> list[bytes]:
        info = await self.jetstream.stream_info("DEAD", subjects_filter=subject)
        count = sum((info.state.subjects or {}).values())
        if not count:
            return []
        reader = await self.jetstream.pull_subscribe(subject, stream="DEAD")
        messages = [(await reader.fetch(1))[0].data for _ in range(count)]
        await reader.unsubscribe()
        return messages


@asynccontextmanager
async def vector_store(settings: Settings) -> AsyncIterator[Vectors]:
    """Closed also when the test fails: a pool's worker that is connecting swallows the end of its loop, which then
    waits for it."""
    store = Vectors(settings)
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Lab]:
    """Bootstrap, and open what a test looks at."""
    await bootstrap(settings)
    client = await nats.connect(settings.nats_url, max_reconnect_attempts=-1, reconnect_time_wait=0)
    lab = Lab(settings, client.jetstream())
    try:
        yield lab
    finally:
        await lab.vectors.close()
        await lab.graph.close()
        await client.close()
