"""The tables: documents, their embedded chunks, and which model made the vectors. No extension but pgvector is
needed."""

from psycopg import AsyncConnection, sql
from psycopg.rows import TupleRow

from pipeline.errors import Misconfigured

WHERE = "postgres"

LANGUAGE = "english"
"""Postgres' text search configuration: it stems English and takes words of other languages as they are."""

_TABLES = """
CREATE EXTENSION IF NOT EXISTS vector;

CREATE TABLE IF NOT EXISTS documents (
    id           text PRIMARY KEY,
    content      text NOT NULL,
    metadata     jsonb NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    completed_at timestamptz
);

CREATE TABLE IF NOT EXISTS embeddings (
    id          text PRIMARY KEY,
    document_id text NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    chunk_index integer NOT NULL,
    chunk_text  text NOT NULL,
    page        integer,
    heading     text,
    embedding   vector({dimensions}) NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    words       tsvector NOT NULL GENERATED ALWAYS AS (
        setweight(to_tsvector({language}, coalesce(heading, '')), 'A') || to_tsvector({language}, chunk_text)
    ) STORED
);

CREATE INDEX IF NOT EXISTS embeddings_document ON embeddings (document_id, chunk_index);
CREATE INDEX IF NOT EXISTS embeddings_words ON embeddings USING gin (words);
CREATE INDEX IF NOT EXISTS embeddings_cosine ON embeddings USING hnsw (embedding vector_cosine_ops)
    WITH (m = 16, ef_construction = 64);
"""

_MODEL = """
CREATE TABLE IF NOT EXISTS embedding_model (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    name text NOT NULL
)
"""
"""One row."""

LOCK = 7302219
"""Of pg_advisory_xact_lock: two bootstraps at once take turns. Any number that nobody else uses."""

DIMENSIONS = """
SELECT a.atttypmod FROM pg_attribute a
WHERE a.attrelid = to_regclass('embeddings') AND a.attname = 'embedding'
"""
"""The n of the table's vector(n), or no row where there is no table."""


def tables(dimensions: int) -> sql.Composed:
    """Create what is missing; a second time changes nothing."""
    return sql.SQL(_TABLES).format(dimensions=sql.Literal(dimensions), language=sql.Literal(LANGUAGE))


async def record(connection: AsyncConnection[TupleRow], model: str) -> None:
    """Whose vectors these are, from the first on: while there are none the tables take any model's."""
    await connection.execute(_MODEL)
    await connection.execute(
        "INSERT INTO embedding_model (name) VALUES (%s) "
        "ON CONFLICT (singleton) DO UPDATE SET name = EXCLUDED.name WHERE NOT EXISTS (SELECT FROM embeddings)",
        (model,),
    )


async def agree(connection: AsyncConnection[TupleRow], dimensions: int, model: str | None) -> None:
    """Raises Misconfigured where the vectors in the table cannot be compared with those of `model`."""
    row = await (await connection.execute(DIMENSIONS)).fetchone()
    if row is None:
        raise Misconfigured(WHERE, "there is no table `embeddings`; run python -m pipeline.bootstrap")
    if row[0] != dimensions:
        given = f"the table `embeddings` holds vector({row[0]}), LAB_EMBED_DIMENSIONS={dimensions}"
        raise Misconfigured(WHERE, given)
    if model is None:
        return
    known = await (await connection.execute("SELECT name FROM embedding_model")).fetchone()
    if known is not None and known[0] != model:
        given = f"the table `embeddings` holds vectors of {known[0]}, and {model} is to make more"
        mend = f"take {known[0]} again, or begin with an empty database"
        raise Misconfigured(WHERE, f"{given}: they cannot be compared; {mend}")
