"""The subjects of a generation with a pending alert, as the indexer lists them beside the engine's files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq

ALERTED_FILE = "alerted.parquet"  # ids of the subjects with a PENDING alert (indexer/generations/rollback.py)


def alerted_subjects(directory: Path) -> Iterator[bytes]:
    """Yields the ids of a generation's directory. Raises OSError, ValueError (Arrow's)."""
    for batch in pq.ParquetFile(directory / ALERTED_FILE).iter_batches(columns=["subject_id"]):
        yield from (subject_id for subject_id in batch.column("subject_id").to_pylist() if subject_id is not None)
