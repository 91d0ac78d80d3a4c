"""Entries and staged rows by record id, a part at a time: what becomes of one id rests on no other's.

DuckDB deals both into parts by a hash of register and id; each part fits into memory, however long the ledger is.
"""

# ruff: noqa: S608  the texts put into SQL are this package's own file names and numbers
from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from core.ledger.change import Change, change_of
from indexer.folding.entries import Entries
from indexer.linking.database import StagedFile
from indexer.standard import STANDARD_SCHEMA

PART_CHANGES = 50_000
FILE, ROW = "file", "file_row"
"""Columns of a staged row: number of its file, and its number in the file."""
_PLACE: list[pa.Field[Any]] = [pa.field(FILE, pa.int32(), nullable=False), pa.field(ROW, pa.int64(), nullable=False)]
PLACES = pa.schema(_PLACE)
_COLUMNS = ", ".join(name for name in STANDARD_SCHEMA.names if name != "register")


class Part(NamedTuple):
    """The changes and rows of some ids."""

    changes: list[Change]  # in the ledger's order
    rows: pa.Table  # STANDARD_SCHEMA, FILE, ROW


class Parts:
    """All ids of the entries, dealt; use it as a context manager."""

    def __init__(self, entries: Entries, files: Sequence[StagedFile], directory: Path, memory_bytes: int) -> None:
        """directory: for what is dealt."""
        self._entries, self._files, self._directory = entries, files, directory
        self._number = max(1, -(-entries.changes // PART_CHANGES))
        spill = directory / "spill"
        self._connection = duckdb.connect(
            config={
                "memory_limit": f"{memory_bytes // 1_000_000}MB",
                "temp_directory": str(spill),
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            }
        )

    def __enter__(self) -> Parts:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def __iter__(self) -> Iterator[Part]:
        """Returns the parts that have changes, one after another."""
        dealt = f"(hash(register, record_id) % {self._number})::INTEGER AS dealt FROM {_file(self._entries.path)}"
        entries, rows = self._directory / "entries", self._directory / "rows"
        self._deal(f"SELECT *, {dealt}", entries)
        self._connection.execute(f"CREATE TABLE head AS SELECT DISTINCT register, record_id, {dealt}")
        self._deal(self._meant_rows(), rows)
        for number in range(self._number):
            if (entries / f"dealt={number}").is_dir():
                yield Part(self._changes(entries / f"dealt={number}"), self._rows(rows / f"dealt={number}"))

    def _deal(self, sql: str, into: Path) -> None:
        """Writes the result of `sql` to a directory of files a part."""
        self._connection.execute(
            f"COPY ({sql}) TO '{_quoted(into)}' (FORMAT parquet, COMPRESSION lz4, PARTITION_BY (dealt))"
        )

    def _meant_rows(self) -> str:
        """SQL: the staged rows of these ids."""
        nothing = f"SELECT {_COLUMNS}, 0::UTINYINT AS register, 0 AS {FILE}, 0::BIGINT AS {ROW}, 0 AS dealt"
        listed = [
            f"SELECT {', '.join(f's.{name}' for name in _COLUMNS.split(', '))}, {file.register}::UTINYINT AS register, "
            f"{number} AS {FILE}, s.file_row_number AS {ROW}, h.dealt "
            f"FROM read_parquet('{_quoted(file.path)}', file_row_number = true) s "
            f"JOIN head h ON h.register = {file.register} AND h.record_id = s.record_id"
            for number, file in enumerate(self._files)
        ]
        self._connection.register("nothing_staged", STANDARD_SCHEMA.empty_table())
        return " UNION ALL ".join([*listed, f"{nothing} FROM nothing_staged"])

    def _changes(self, directory: Path) -> list[Change]:
        read = self._connection.execute(
            f"SELECT payload, sequence, taken_ms FROM {_file(directory / '*.parquet')} ORDER BY sequence"
        ).fetchall()
        return [change_of(payload, sequence, taken_ms) for payload, sequence, taken_ms in read]

    def _rows(self, directory: Path) -> pa.Table:
        schema = pa.schema([*STANDARD_SCHEMA, *PLACES])
        if not directory.is_dir():
            return schema.empty_table()
        names = ", ".join(schema.names)
        found: pa.Table = self._connection.sql(
            f"SELECT {names} FROM {_file(directory / '*.parquet')} ORDER BY {FILE}, {ROW}"
        ).to_arrow_table()
        return found.cast(schema)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _file(path: Path) -> str:
    return f"read_parquet('{_quoted(path)}', hive_partitioning = false)"
