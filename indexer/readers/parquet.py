"""Parquet, row group by row group."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from indexer.manifest.sources import ParquetSource
from indexer.readers.arrow_text import text_batch
from indexer.readers.batch import BATCH_ROWS, Batch, Unreadable, require_columns
from indexer.readers.text_lines import open_source


def read_parquet(source: ParquetSource, path: Path, columns: list[str]) -> Iterator[Batch]:
    """Batches of the asked columns. Raises Unreadable."""
    del source  # Parquet says of itself all that a manifest would
    open_source(path).close()
    size = path.stat().st_size
    try:
        with pq.ParquetFile(path) as file:
            require_columns(columns, file.schema_arrow.names)
            total = file.metadata.num_rows
            first = 0
            for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=columns, use_threads=False):
                done = size * (first + batch.num_rows) // max(total, 1)
                yield text_batch(batch, columns, first, done)
                first += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        raise Unreadable(f"no whole Parquet file: {type(error).__name__}") from error
    if first != total:
        raise Unreadable("the file holds fewer rows than it states")
