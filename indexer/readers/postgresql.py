"""A query on a PostgreSQL server, through ADBC: rows come as Arrow columns."""

from __future__ import annotations

import re
from collections.abc import Iterator

import adbc_driver_manager
import pyarrow as pa
from adbc_driver_postgresql import StatementOptions, dbapi

from indexer.manifest.sources import PostgresqlSource
from indexer.readers.arrow_text import text_batch
from indexer.readers.batch import Batch, Unreadable, require_columns

BATCH_BYTES = 4 << 20
"""Rows of a batch, in bytes: small enough that progress shows."""


class PostgresqlReader:
    """One read-only transaction, so that what is said of the rows and the rows speak for the same moment."""

    def __init__(self, source: PostgresqlSource, dsn: str) -> None:
        self.source = source
        self.began = False
        try:
            self.connection = dbapi.connect(dsn)
        except (adbc_driver_manager.Error, OSError) as error:
            raise Unreadable(f"the database cannot be reached ({_state(error)})") from error

    def close(self) -> None:
        """Ends the transaction."""
        try:
            self.connection.close()
        except (adbc_driver_manager.Error, OSError):
            return  # a server that went away has nothing left to close

    def ask(self, sql: str, what: str) -> str:
        """The one value of a query, as text; before `read`. what: that it asks for. Raises Unreadable."""
        try:
            with self.connection.cursor() as cursor:
                if not self.began:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                    self.began = True
                cursor.execute(sql)
                row = cursor.fetchone()
        except (adbc_driver_manager.Error, OSError, pa.ArrowException) as error:
            raise Unreadable(f"the query for {what} failed ({_state(error)})") from error
        if row is None or row[0] is None:
            raise Unreadable(f"the query for {what} gives none")
        value = row[0]
        return str(value.isoformat()) if hasattr(value, "isoformat") else str(value)

    def read(self, columns: list[str]) -> Iterator[Batch]:
        """Batches of the asked columns. Raises Unreadable, also when the server stops half way."""
        first = 0
        try:
            with self.connection.cursor() as cursor:
                cursor.adbc_statement.set_options(**{StatementOptions.BATCH_SIZE_HINT_BYTES.value: str(BATCH_BYTES)})
                cursor.execute(self.source.query)
                reader = cursor.fetch_record_batch()
                require_columns(columns, reader.schema.names)
                for batch in reader:
                    yield text_batch(batch, columns, first, 0)
                    first += batch.num_rows
        except (adbc_driver_manager.Error, OSError, pa.ArrowException) as error:
            raise Unreadable(f"the database stopped after {first} rows ({_state(error)})") from error


def _state(error: Exception) -> str:
    """The SQLSTATE of a driver's error, else its class: messages may hold values of rows."""
    state = getattr(error, "sqlstate", None)
    if state and re.fullmatch(r"[0-9A-Z]{5}", str(state)):
        return f"SQLSTATE {state}"
    return type(error).__name__
