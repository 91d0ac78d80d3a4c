"""Linking's database for few records: live changes, and the records around them.

The rules are the same text as a build's. Opening a database and files takes longer than all questions about few
records. So one connection stays from tick to tick, everything in memory, and the made tables are rolled back; each
statement is planned once (indexer/linking/prepared.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa

from indexer.linking.database import BATCH_ROWS, LinkedRegister, LinkingDatabase
from indexer.linking.links import Links
from indexer.linking.prepared import PreparedStatements
from indexer.standard import STANDARD_SCHEMA

# What no rule looks at; wide, most of it.
_UNSEEN = {
    "payload", "hit_payload", "vehicle_type", "share", "state_date",
    "state_date_parts", "issued_day", "state_first", "state_span", "alert_from", "alert_to", "alert_from_span",
    "alert_to_span",
}  # fmt: skip
SEEN = [name for name in STANDARD_SCHEMA.names if name not in _UNSEEN]
"""Columns of the standard record that linking looks at."""


class FewRecords(LinkingDatabase):
    """One connection; `over` some records at a time. Not thread-safe. `close` it."""

    def __init__(self, directory: Path, *, memory_bytes: int) -> None:
        """directory: for what does not fit into memory."""
        self._open(directory, memory_bytes, 1)
        self.threads = 0  # that work ahead
        self._sorted: dict[Path, pa.Table] = {}
        self.connection.execute("PRAGMA disable_optimizer")  # it takes longer than it saves
        self._statements = PreparedStatements(self.connection)

    @contextmanager
    def over(self, staged: pa.Table, registers: Sequence[LinkedRegister]) -> Iterator[FewRecords]:
        """Yields the database with exactly these standard records (SEEN), by register."""
        if self.registers != registers:
            self.connection.execute("DROP TABLE IF EXISTS register_name")
            self.registers = registers
            self.connection.execute(self._register_names())
        self.counts = [staged.num_rows]
        self._statements.begin()
        try:
            places = pa.array(np.arange(staged.num_rows, dtype=np.int64))
            self._statements.fill("staged", staged.append_column("place", places))
            self._create_views("TABLE")
            yield self
        finally:
            self._statements.end()
            self._sorted.clear()

    def run(self, sql: str) -> None:
        """Runs statements without reading results."""
        self._statements.run(sql)

    def number(self, sql: str) -> int:
        """The one number that `sql` yields."""
        return self._statements.number(sql)

    def holds(self, table: str, condition: str = "true") -> bool:
        """Returns the same as in a build; a table known to be empty is not queried."""
        rows = self._statements.rows_of(table)
        if rows == 0 or (rows is not None and condition == "true"):
            return bool(rows)
        return super().holds(table, condition)

    def stream(self, sql: str, rows: int = BATCH_ROWS) -> Iterator[pa.RecordBatch]:
        """Batches of a result, which is whole before the first is handed on."""
        yield from self._statements.ask(sql).to_batches(max_chunksize=rows)

    def copy_sorted(self, sql: str, path: Path) -> None:
        """The same without a file: `path` is its name."""
        found = self._statements.ask(sql)
        self._sorted[path] = found
        numbers = pa.array(np.arange(found.num_rows, dtype=np.int64))
        self._statements.fill(path.stem, found.append_column("file_row_number", numbers))

    def sorted_rows(self, path: Path) -> str:
        """Returns the name that selects the rows of `copy_sorted`: with `file_row_number`, from 0 on."""
        return path.stem

    def sorted_table(self, path: Path) -> pa.Table:
        """Returns the table of `copy_sorted`."""
        return self._sorted[path]

    def keep(self, name: str, sql: str) -> None:
        """A table: `sql` is worked out once."""
        self.run(f"CREATE TABLE {name} AS {sql}")

    def give(self, name: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
        """Makes a table of batches that were worked out in Python."""
        self._statements.fill(name, pa.Table.from_batches(batches, schema=schema))

    def forget(self, name: str) -> None:
        """Does nothing: all of it is rolled back together."""

    def insert_cuis(self, name: str, rows: Sequence[tuple[int, int]]) -> None:
        """Appends (place, cui) pairs to a table of these two columns."""
        if rows:
            places, cuis = zip(*rows, strict=True)
            self._statements.append(name, pa.table({"place": pa.array(places), "cui": pa.array(cuis)}))

    def links(self) -> Links:
        """Room for the links of all records."""
        return Links(None, sum(self.counts))

    def close(self) -> None:
        """Lets go of the connection."""
        self.connection.close()
