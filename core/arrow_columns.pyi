"""Columns of an Arrow record batch, read where they lie, through the Arrow C data interface."""

from collections.abc import Sequence
from typing import Protocol

class ExportsArrow(Protocol):
    """Whatever exports a record batch: pyarrow, DuckDB, polars."""

    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]: ...

class RecordColumns:
    """The columns of a batch by name, whatever their order in it.

    `fields` are (name, format) with the formats of the C data interface: "C" uint8, "c" int8, "s" int16, "i" int32, "I" uint32,
    "l" int64, "b" bool, "u" utf8, "z" binary, "w:16" fixed-size binary. Raises AssemblyError, which names the column, when one
    is missing or of another type.
    """

    def __init__(self, batch: ExportsArrow, fields: Sequence[tuple[str, str]]) -> None: ...
    @property
    def rows(self) -> int: ...
