"""The tables: documents and their embedded chunks. No extension but pgvector is needed."""

from psycopg import sql

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
