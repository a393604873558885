"""The vector store: Postgres with pgvector, where a document and its chunks are written in one transaction."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow, class_row
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool

from pipeline.adapters import schema
from pipeline.adapters.postgres_errors import named
from pipeline.contract import Chunk, Extracted
from pipeline.errors import Misconfigured
from pipeline.ports import Passage, Vector
from pipeline.settings import Settings

CONNECT_TIMEOUT = 5  # seconds; Postgres takes connections again about a second after a crash
STATEMENT_TIMEOUT = 30_000  # milliseconds; inserting ROWS takes 0.6 s on 2 idle cores, 2 s on busy ones
POOL_TIMEOUT = 10.0  # seconds until a connection is free

DEPTH = 50
"""Candidates of each ranking before they are fused; answers have at most as many passages."""

ROWS = 500
"""Of one statement. Most of an insert's time goes into the HNSW index."""

EF_SEARCH = 200
"""Candidates that HNSW keeps; pgvector's default of 40 is below DEPTH. Of 20,000 random vectors in clusters,
harder than any text, 200 find 86 % of the nearest 50 in 5 ms, 100 find 69 %."""

RRF_K = 60
"""Of reciprocal rank fusion, score = Σ 1 / (k + rank): the value of the paper (Cormack et al. 2009)."""

_INSERT = """
INSERT INTO embeddings (id, document_id, chunk_index, chunk_text, page, heading, embedding)
SELECT id, %(document)s, chunk_index, chunk_text, page, heading, embedding::vector
FROM unnest(%(ids)s::text[], %(indexes)s::int[], %(texts)s::text[], %(pages)s::int[], %(headings)s::text[],
            %(vectors)s::text[]) AS new (id, chunk_index, chunk_text, page, heading, embedding)
ON CONFLICT (id) DO NOTHING
"""

_SEARCH = """
WITH near AS (
    SELECT id, row_number() OVER (ORDER BY distance, id) AS rank FROM (
        SELECT id, embedding <=> %(vector)s::vector AS distance FROM embeddings
        WHERE %(vector)s::text IS NOT NULL ORDER BY embedding <=> %(vector)s::vector LIMIT %(depth)s
    ) AS nearest
), question AS (
    -- any of the words, not all of them: a question holds words that its answer does not
    SELECT replace(plainto_tsquery(%(language)s::regconfig, %(text)s)::text, '&', '|')::tsquery AS query
), named AS (
    SELECT id, row_number() OVER (ORDER BY score DESC, id) AS rank FROM (
        -- 1: divided by the logarithm of the length, so that long chunks do not win by length alone
        SELECT id, ts_rank_cd(words, query, 1) AS score FROM embeddings, question
        WHERE words @@ query ORDER BY score DESC, id LIMIT %(depth)s
    ) AS best
), fused AS (
    SELECT id, sum(1.0 / (%(k)s + rank)) AS score FROM (TABLE near UNION ALL TABLE named) AS ranked
    GROUP BY id ORDER BY score DESC, id LIMIT %(limit)s
)
SELECT e.id AS chunk_id, d.id AS doc_id, d.metadata->>'title' AS title, d.metadata->>'source_uri' AS uri,
       e.chunk_text AS text, e.page, e.heading, fused.score::float8 AS score
FROM fused JOIN embeddings e USING (id) JOIN documents d ON d.id = e.document_id
ORDER BY fused.score DESC, e.id
"""


class Vectors:
    """The VectorStore port. Opens its connections when they are first needed; `close` ends them."""

    def __init__(self, settings: Settings, connections: int = 4) -> None:
        password = settings.postgres_password
        self._dimensions = settings.embed_dimensions
        self._model = settings.embed_identity
        self._agreed = False
        self._arguments: dict[str, Any] = {
            "host": settings.postgres_host,
            "port": settings.postgres_port,
            "dbname": settings.postgres_db,
            "user": settings.postgres_user,
            "password": password.get_secret_value() if password else None,
            "connect_timeout": CONNECT_TIMEOUT,
            "options": f"-c statement_timeout={STATEMENT_TIMEOUT}",
        }
        self._pool: AsyncConnectionPool[AsyncConnection[TupleRow]] = AsyncConnectionPool(
            kwargs=self._arguments,
            min_size=1,
            max_size=connections,
            timeout=POOL_TIMEOUT,
            # attempts double their distance until they are given up; then the next question begins anew. The
            # library's own 300 s would leave Postgres unused for a minute after an outage of a minute.
            reconnect_timeout=POOL_TIMEOUT,
            open=False,
            check=AsyncConnectionPool.check_connection,
        )

    async def check(self) -> None:
        """Raises Misconfigured when the table is of another dimension, or there is none."""
        async with named(), await AsyncConnection.connect(**self._arguments) as connection:
            await self._agree(connection)

    async def close(self) -> None:
        await self._pool.close()

    async def create(self) -> bool:
        """Create database and tables where they are missing; returns whether anything was.

        Raises Misconfigured, before anything is kept, where the table is of another dimension or model.
        """
        async with named():
            created = await self._create_database()
            async with await AsyncConnection.connect(**self._arguments) as connection:
                await connection.execute("SELECT pg_advisory_xact_lock(%s)", (schema.LOCK,))
                if await (await connection.execute(schema.DIMENSIONS)).fetchone() is None:
                    await connection.execute(schema.tables(self._dimensions))
                    created = True
                if self._model is not None:
                    await schema.record(connection, self._model)
                await self._agree(connection)
        return created

    async def _create_database(self) -> bool:
        try:
            await (await AsyncConnection.connect(**self._arguments)).close()
        except psycopg.OperationalError as error:
            name = self._arguments["dbname"]
            if f'database "{name}" does not exist' not in str(error):
                raise
            arguments = self._arguments | {"dbname": "postgres"}
            async with await AsyncConnection.connect(**arguments, autocommit=True) as connection:
                await connection.execute(
                    psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name))
                )
            return True
        return False

    async def has_chunks(self, chunk_ids: Sequence[str]) -> set[str]:
        async with self._connection() as connection:
            rows = await connection.execute("SELECT id FROM embeddings WHERE id = ANY(%s)", (list(chunk_ids),))
            return {row[0] async for row in rows}

    async def store(self, document: Extracted, chunks: Sequence[Chunk], vectors: Mapping[str, Vector]) -> None:
        self._check_lengths(vectors)
        metadata = document.metadata.model_dump(exclude_none=True) | {
            "title": document.title,
            "source_uri": document.source_uri,
            "pages": document.pages,
        }
        content = "\n\n".join(block.text for block in document.blocks)
        async with self._connection() as connection:
            await self._agree(connection)
            await connection.execute(
                "INSERT INTO documents (id, content, metadata) VALUES (%s, %s, %s) "
                "ON CONFLICT (id) DO UPDATE SET content = EXCLUDED.content, metadata = EXCLUDED.metadata",
                (document.doc_id, _storable(content), Jsonb(_storable_json(metadata))),
            )
            await connection.execute(
                "DELETE FROM embeddings WHERE document_id = %s AND NOT id = ANY(%s)",
                (document.doc_id, [chunk.chunk_id for chunk in chunks]),
            )
            await _insert(connection, document.doc_id, chunks, vectors)

    async def add(self, doc_id: str, chunks: Sequence[Chunk], vectors: Mapping[str, Vector]) -> None:
        self._check_lengths(vectors)
        async with self._connection() as connection:
            await self._agree(connection)
            await _insert(connection, doc_id, chunks, vectors)

    def _check_lengths(self, vectors: Mapping[str, Vector]) -> None:
        for vector in vectors.values():
            if len(vector) != self._dimensions:
                given = f"it gives {len(vector)} dimensions, LAB_EMBED_DIMENSIONS={self._dimensions}"
                raise Misconfigured("embedding model", given)

    async def mark_complete(self, doc_id: str) -> None:
        async with self._connection() as connection:
            await connection.execute("UPDATE documents SET completed_at = now() WHERE id = %s", (doc_id,))

    async def completed(self, doc_ids: Sequence[str]) -> set[str]:
        async with self._connection() as connection:
            rows = await connection.execute(
                "SELECT id FROM documents WHERE id = ANY(%s) AND completed_at IS NOT NULL", (list(doc_ids),)
            )
            return {row[0] async for row in rows}

    async def search(self, text: str, vector: Vector | None, limit: int) -> list[Passage]:
        async with self._connection() as connection:
            await connection.execute("SELECT set_config('hnsw.ef_search', %s, true)", (str(EF_SEARCH),))
            cursor = connection.cursor(row_factory=class_row(Passage))
            await cursor.execute(
                _SEARCH,
                {
                    "vector": None if vector is None else _literal(vector),
                    "text": _storable(text),
                    "language": schema.LANGUAGE,
                    "depth": max(DEPTH, limit),
                    "k": RRF_K,
                    "limit": limit,
                },
            )
            return await cursor.fetchall()

    async def counts(self) -> dict[str, int]:
        async with self._connection() as connection:
            rows = await connection.execute(
                "SELECT (SELECT count(*) FROM documents), (SELECT count(*) FROM embeddings)"
            )
            documents, chunks = await rows.fetchone() or (0, 0)
        return {"documents": documents, "chunks": chunks, "embeddings": chunks}

    async def chunks(self, doc_id: str) -> int:
        async with self._connection() as connection:
            rows = await connection.execute("SELECT count(*) FROM embeddings WHERE document_id = %s", (doc_id,))
            (count,) = await rows.fetchone() or (0,)
        return int(count)

    async def titles(self, start: str) -> dict[str, str]:
        async with self._connection() as connection:
            rows = await connection.execute(
                "SELECT id, coalesce(metadata->>'title', '') FROM documents WHERE starts_with(id, %s)", (start,)
            )
            return {row[0]: row[1] async for row in rows}

    @asynccontextmanager
    async def emptied(self, doc_id: str) -> AsyncIterator[int]:
        async with self._connection() as connection:
            # the row first, as `store` does: two that lock in one order never wait for each other
            await connection.execute(
                "UPDATE documents SET content = '', metadata = '{}', completed_at = NULL WHERE id = %s", (doc_id,)
            )
            gone = await connection.execute("DELETE FROM embeddings WHERE document_id = %s", (doc_id,))
            yield gone.rowcount

    async def forget(self, doc_id: str) -> bool:
        async with self._connection() as connection:
            gone = await connection.execute("DELETE FROM documents WHERE id = %s", (doc_id,))
            return gone.rowcount > 0

    async def _agree(self, connection: AsyncConnection[TupleRow]) -> None:
        """Looked up once: neither dimension nor model can change under vectors that exist."""
        if not self._agreed:
            await schema.agree(connection, self._dimensions, self._model)
            self._agreed = True

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[AsyncConnection[TupleRow]]:
        async with named():
            await self._pool.open()
            async with self._pool.connection() as connection:
                yield connection


async def _insert(
    connection: AsyncConnection[TupleRow], doc_id: str, chunks: Sequence[Chunk], vectors: Mapping[str, Vector]
) -> None:
    new = [chunk for chunk in chunks if chunk.chunk_id in vectors]
    for start in range(0, len(new), ROWS):
        rows = new[start : start + ROWS]
        await connection.execute(
            _INSERT,
            {
                "document": doc_id,
                "ids": [chunk.chunk_id for chunk in rows],
                "indexes": [chunk.index for chunk in rows],
                "texts": [_storable(chunk.text) for chunk in rows],
                "pages": [chunk.page for chunk in rows],
                "headings": [chunk.heading and _storable(chunk.heading) for chunk in rows],
                "vectors": [_literal(vectors[chunk.chunk_id]) for chunk in rows],
            },
        )


def _literal(vector: Vector) -> str:
    """pgvector's text form; nine digits are all that its four bytes hold."""
    return "[" + ",".join(f"{number:.9g}" for number in vector) + "]"


def _storable(text: str) -> str:
    """Postgres takes no NUL in a text; where an extractor leaves one, it means nothing."""
    return text.replace("\0", "")


def _storable_json(metadata: dict[str, Any]) -> dict[str, Any]:
    return {key: _storable(value) if isinstance(value, str) else value for key, value in metadata.items()}
