"""The quarantine: which rows were refused and why, never what they held."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

_FIELDS: list[pa.Field[Any]] = [
    pa.field("row", pa.int64(), False),  # 1-based row of the source
    pa.field("source", pa.string(), False),  # its name in the manifest
    pa.field("section", pa.string(), False),  # section of the refused record; "" = the whole row
    pa.field("field", pa.string(), False),  # key or column of the manifest; "" = none in particular
    pa.field("rule", pa.string(), False),
]
QUARANTINE_SCHEMA = pa.schema(_FIELDS)
FLUSH_ROWS = 50_000


class Refused(NamedTuple):
    """One refused record."""

    row: int
    source: str
    section: str
    field: str
    rule: str


class QuarantineWriter:
    """Writes refused records to one Parquet file."""

    def __init__(self, path: Path) -> None:
        self._writer = pq.ParquetWriter(path, QUARANTINE_SCHEMA, compression="zstd")
        self._waiting: list[Refused] = []

    def __enter__(self) -> QuarantineWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._flush()
        self._writer.close()

    def add(self, refused: list[Refused]) -> None:
        """Adds refused records; they reach the file by and by."""
        self._waiting += refused
        if len(self._waiting) >= FLUSH_ROWS:
            self._flush()

    def _flush(self) -> None:
        columns = zip(*self._waiting, strict=True) if self._waiting else [() for _ in QUARANTINE_SCHEMA]
        arrays = [pa.array(column, field.type) for column, field in zip(columns, QUARANTINE_SCHEMA, strict=True)]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=QUARANTINE_SCHEMA))
        self._waiting = []
