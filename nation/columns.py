"""Arrow columns, typed loosely: the published stubs of pyarrow refuse most calls of its own compute functions."""

from __future__ import annotations

from typing import Any, TypeAlias

import pyarrow
import pyarrow.compute

Column: TypeAlias = Any
"""A pyarrow.Array, of text unless said otherwise."""

array: Any = pyarrow.array
compute: Any = pyarrow.compute
concatenate: Any = pyarrow.concat_arrays
table: Any = pyarrow.table
Table: TypeAlias = Any
"""A pyarrow.Table."""

TEXT: Any = pyarrow.string()
DATE: Any = pyarrow.date32()
SECONDS: Any = pyarrow.timestamp("s")
NOTHING: Any = pyarrow.scalar(None, TEXT)


def texts(values: list[str] | list[str | None]) -> Column:
    """A column of text from Python strings; None = null."""
    return array(values, TEXT)
