"""The bounded DuckDB that linking works in: staged records as one view, narrow tables, spill on disk.

Every staged record has a *place*: its row number over all files in register order. Tables carry places, never payloads.
No extension is loaded (they are downloaded at run time).
"""

# ruff: noqa: S608  the texts put into SQL are this package's own column lists and file names
from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from indexer.linking.links import Links
from indexer.standard import (
    ALERT_PROTECTED,
    CLEARANCE_CRIMINAL,
    CLEARANCE_POLICE,
    CLEARANCE_RENAS,
    STANDARD_SCHEMA,
    SUBJECT_PERSON,
    person_columns,
)
from ronda.v1.section_pb2 import SECTION_IDENTITY, SECTION_OWNER

LAST_FILLER_YEAR = 1900  # nobody born so early lives: core/calendar.pxd
FIRST_OF_JANUARY = 101  # written where the year is known, as earlier days than that where nothing is

# docs/answers.md section 5: more who fit than this are no link
LINK_LIMIT = 50

BATCH_ROWS = 100_000

KEPT, SPILL = "kept", "spill"  # below the directory; nobody reads them once linking has ended
STANDARDS = CLEARANCE_POLICE | CLEARANCE_CRIMINAL | CLEARANCE_RENAS


@dataclass(frozen=True)
class LinkedRegister:
    """Linking's data of a register: place in configuration order, id, and the identifiers that it identifies."""

    ordinal: int
    register_id: str
    identifies: frozenset[str]  # "cui", "document", "nit", "licence", "cedula", "foreign_document"...
    identity: bool  # role identity for persons
    as_of_day: int | None = None  # in Guatemala, since 1970: nothing that it holds is later; None = not known


@dataclass(frozen=True)
class StagedFile:
    """One Parquet file of standard records and the register it belongs to now."""

    path: Path
    register: int  # ordinal; the one in the file may be older
    replaced: np.ndarray[Any, Any] | None = None  # numbers of rows that changes stand in place of, ascending


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


class LinkingDatabase:
    """An in-memory DuckDB with a memory limit that spills to `directory`; closed by `with`."""

    registers: Sequence[LinkedRegister]
    files: list[StagedFile]
    counts: list[int]

    def __init__(
        self,
        directory: Path,
        registers: Sequence[LinkedRegister],
        files: Sequence[StagedFile],
        *,
        memory_bytes: int,
        threads: int = 2,
    ) -> None:
        self._open(directory, memory_bytes, threads)
        self.registers = registers
        self.files = sorted(files, key=lambda file: (file.register, file.path.name))
        (directory / KEPT).mkdir(exist_ok=True)
        self._view_files()
        self.run(self._register_names())
        self._create_views("VIEW")

    def _open(self, directory: Path, memory_bytes: int, threads: int) -> None:
        self.directory = directory
        self.threads = threads
        self.registers = ()
        self.files = []
        self.counts = []
        spill = directory / SPILL
        spill.mkdir(parents=True, exist_ok=True)
        self.connection = duckdb.connect(
            config={
                "memory_limit": f"{memory_bytes // 1_000_000}MB",
                "temp_directory": str(spill),
                "threads": threads,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            }
        )

    def __enter__(self) -> LinkingDatabase:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def run(self, sql: str) -> None:
        """Runs statements without reading results."""
        self.connection.execute(sql)

    def drop(self, *tables: str) -> None:
        """Drops tables that no rule needs any more."""
        self.run("; ".join(f"DROP TABLE {table}" for table in tables))

    def number(self, sql: str) -> int:
        """The one number that `sql` yields."""
        row = self.connection.execute(sql).fetchone()
        return int(row[0] or 0) if row else 0

    def stream(self, sql: str, rows: int = BATCH_ROWS) -> Iterator[pa.RecordBatch]:
        """Batches of a result of any size. A cursor of its own: other statements may run between."""
        cursor = self.connection.cursor()
        yield from cursor.sql(sql).to_arrow_reader(rows)

    def copy_sorted(self, sql: str, path: Path) -> None:
        """Writes the result of `sql`, which ends in ORDER BY, to one Parquet file in that order."""
        self.run(f"COPY ({sql}) TO {_quoted(str(path))} (FORMAT parquet, COMPRESSION lz4, ROW_GROUP_SIZE 122880)")

    def sorted_rows(self, path: Path) -> str:
        """Returns the SQL that selects the rows of `copy_sorted`: with `file_row_number`, from 0 on."""
        return f"read_parquet({_quoted(str(path))}, file_row_number = true)"

    def keep(self, name: str, sql: str) -> None:
        """Makes a view of the result of `sql`, worked out once, in a file: it is read again and again.

        No table: however large the nation, it takes no memory.
        """
        path = self._kept(name)
        self.run(f"COPY ({sql}) TO {_quoted(str(path))} (FORMAT parquet, COMPRESSION lz4)")
        self.run(f"CREATE VIEW {name} AS SELECT * FROM read_parquet({_quoted(str(path))})")

    def give(self, name: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
        """Makes a view of batches that were worked out in Python, until `forget`."""
        path = self._kept(name)
        with pq.ParquetWriter(path, schema, compression="lz4") as writer:
            for batch in batches:
                writer.write_batch(batch)
        self.run(f"CREATE VIEW {name} AS SELECT * FROM read_parquet({_quoted(str(path))})")

    def forget(self, name: str) -> None:
        """Removes what was given."""
        self.run(f"DROP VIEW {name}")
        self._kept(name).unlink()

    def links(self) -> Links:
        """Room for the links of all records."""
        return Links(self.directory / "links", sum(self.counts))

    def _kept(self, name: str) -> Path:
        return self.directory / KEPT / f"{name}.parquet"

    def insert_cuis(self, name: str, rows: Sequence[tuple[int, int]]) -> None:
        """Appends (place, cui) pairs to a table of these two columns."""
        if rows:
            places, cuis = zip(*rows, strict=True)
            self.connection.register("rows_given", pa.table({"place": pa.array(places), "cui": pa.array(cuis)}))
            self.run(f"INSERT INTO {name} SELECT place, cui FROM rows_given")
            self.connection.unregister("rows_given")

    def ordinals(self, *, identifies: str = "", identity: bool = False) -> str:
        """SQL list of the registers that identify a kind, or have role identity; never empty (255 is no register)."""
        found = [r.ordinal for r in self.registers if (identity and r.identity) or identifies in r.identifies]
        return "(" + ", ".join(map(str, found or [255])) + ")"

    def holds(self, table: str, condition: str = "true") -> bool:
        """Returns whether a table has a row with this condition: rules without any such row are skipped."""
        return bool(self.number(f"SELECT count(*) FROM (SELECT 1 FROM {table} WHERE {condition} LIMIT 1)"))

    def _view_files(self) -> None:
        columns = ", ".join(field.name for field in STANDARD_SCHEMA if field.name != "register")
        parts, start = [], 0
        replaced = [np.zeros(0, np.int64)]
        for file in self.files:
            rows = pq.read_metadata(file.path).num_rows
            if file.replaced is not None:
                replaced.append(file.replaced + start)
            self.counts.append(rows)
            parts.append(
                f"SELECT {start}::BIGINT + file_row_number AS place, {file.register}::UTINYINT AS register, {columns} "
                f"FROM read_parquet({_quoted(str(file.path))}, file_row_number = true)"
            )
            start += rows
        if not parts:
            nothing = pa.table(STANDARD_SCHEMA.empty_table())
            self.connection.register("nothing_staged", nothing)
            self.run("CREATE TABLE nothing AS SELECT * FROM nothing_staged")  # a cursor sees tables alone
            parts.append(f"SELECT 0::BIGINT AS place, register, {columns} FROM nothing")
        listed = " UNION ALL ".join(parts)
        if places := np.concatenate(replaced).tolist():
            self.connection.register("replaced_given", pa.table({"place": pa.array(places, pa.int64())}))
            self.run("CREATE TABLE replaced AS SELECT place FROM replaced_given")
            self.connection.unregister("replaced_given")
            listed = f"SELECT * FROM ({listed}) ANTI JOIN replaced USING (place)"
        self.run(f"CREATE VIEW staged AS {listed}")

    def _register_names(self) -> str:
        days = {r.ordinal: "NULL" if r.as_of_day is None else str(r.as_of_day) for r in self.registers}
        names = ", ".join(
            f"({r.ordinal}::UTINYINT, {_quoted(r.register_id)}, {days[r.ordinal]}::INTEGER)" for r in self.registers
        )
        names = names or "(255::UTINYINT, '', NULL::INTEGER)"
        return f"CREATE TABLE register_name AS SELECT * FROM (VALUES {names}) n(register, id, as_of_day)"

    def _create_views(self, kept: str) -> None:
        # the person of a record, or the owner in section OWNER; empty texts are unknown
        self.run(f"""
            CREATE {kept} person_staged AS
            SELECT place, register, section, record_id, version, "row", sensitivity, sort_day,
                coalesce(sort_day, issued_first + coalesce(issued_span, 0)::INTEGER) AS latest_day, -- that it may be of
                section = {SECTION_OWNER} AS is_owner,
                TRY_CAST(cui AS BIGINT) AS cui,
                nullif(document_country, '') || ':' || nullif(document_number, '') AS document,
                CASE WHEN nullif(document_country, '') IS NULL THEN nullif(document_number, '') END AS loose_document,
                CASE WHEN birth_year > 0
                     THEN birth_year::INTEGER * 10000 + coalesce(birth_month, 0)::INTEGER * 100
                          + coalesce(birth_mday, 0)::INTEGER END AS birth,
                {person_columns(but=("cui", "document_country", "document_number"))},
                clearance, alert_kind, alert_state, alert_flags, merge_key
            FROM staged WHERE subject = {SUBJECT_PERSON} OR section = {SECTION_OWNER}
        """)
        self.keep(
            "identity_staged",
            f"SELECT * FROM person_staged WHERE section = {SECTION_IDENTITY} "
            f"AND register IN {self.ordinals(identity=True)}",
        )
        self.keep(
            "noted_staged",  # alerts, what they protect, and what counts for a clearance: all that is linked by name
            f"SELECT * FROM person_staged WHERE alert_kind <> 0 OR alert_flags & {ALERT_PROTECTED} <> 0 "
            f"OR clearance & {STANDARDS} <> 0",
        )
