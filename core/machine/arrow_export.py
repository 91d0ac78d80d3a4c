"""The assembler's input: any object that exports a record batch through the Arrow C data interface."""

from __future__ import annotations

from typing import Protocol


class ExportsArrow(Protocol):
    """An object that exports a record batch: pyarrow, DuckDB, polars."""

    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]: ...
