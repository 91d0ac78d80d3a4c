"""An institution's database with an outbox as docs/feed.md has it."""

from __future__ import annotations

import psycopg

from ronda.demo.postgres_cluster import PostgresCluster

_TABLE = """
CREATE TABLE ronda_outbox (
    txid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    id bigint GENERATED ALWAYS AS IDENTITY,
    register text NOT NULL,
    record_id text NOT NULL,
    kind text NOT NULL DEFAULT 'UPSERT',
    event_time timestamptz NOT NULL DEFAULT clock_timestamp(),
    manifest_source text,
    cells jsonb,
    PRIMARY KEY (txid, id)
)
"""


def outbox_database(postgres: PostgresCluster, name: str) -> str:
    """Its DSN. A database of the test's own: other tests' transactions hold the horizon of theirs."""
    with psycopg.connect(postgres.dsn, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name}")
        connection.execute(f"CREATE DATABASE {name}")
    dsn = postgres.dsn.rpartition("/")[0] + f"/{name}"
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(_TABLE)
    return dsn
