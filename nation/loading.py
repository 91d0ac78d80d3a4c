"""Loads the PostgreSQL registers of a nation into a server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg
from psycopg import sql

from nation.sidecars import POSTGRES

_CHUNK = 1 << 20  # bytes


def load_postgres(directory: Path, dsn: str, on_progress: Callable[[str, int, int | None], None] | None = None) -> None:
    """Replaces the schemas `renap` and `sipol` of the database by those of the nation in `directory`.

    `on_progress(stage, bytes done, bytes in all)`. All or nothing: one transaction. Raises psycopg.Error.
    """
    tell = on_progress or (lambda _stage, _done, _total: None)
    files = [
        (register, table, directory / "registers" / register / name)
        for register, module in POSTGRES.items()
        for table, name in module.COPIES.items()
    ]
    total = sum(path.stat().st_size for _, _, path in files)
    done = 0
    with psycopg.connect(dsn) as connection, connection.cursor() as cursor:
        for register in POSTGRES:
            folder = directory / "registers" / register
            cursor.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(register)))
            cursor.execute((folder / "esquema.sql").read_bytes())
        for _, table, path in files:
            schema, name = table.split(".")
            copy_from = sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(schema, name))
            with path.open("rb") as source, cursor.copy(copy_from) as copy:
                while chunk := source.read(_CHUNK):
                    copy.write(chunk)
                    done += len(chunk)
                    tell("postgres", done, total)
        for register in POSTGRES:
            cursor.execute((directory / "registers" / register / "indices.sql").read_bytes())
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("ANALYZE")
