"""The check of a new generation before it is published: it opens, its files are whole, and it finds what was read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import CoreError
from core.generation.check import verify
from core.generation.store import Generation
from core.identifiers.kinds import IdentifierKind
from indexer.build.errors import PublishingStopped
from indexer.standard import SUBJECT_PERSON, SUBJECT_PLATE
from ronda.v1.alert_pb2 import ALERT_KIND_STOLEN_PLATE

Sampled = tuple[Path, np.ndarray[Any, Any] | None]
"""A file of standard records, and the numbers of its rows that are not linked; None = all are."""
SAMPLE_ROWS = 2_000
SAMPLE_LOOKUPS = 50

_COLUMNS = ["subject", "section", "cui", "plate_country", "plate", "vin", "alert_kind"]


def check_generation(
    directory: Path, persons: int, vehicles: int, samples: Iterable[tuple[str, Sequence[Sampled]]]
) -> int:
    """Opens the generation, verifies checksums and counts, and looks up identifiers of every register.

    `samples`: (register id, what was linked of it). Returns the number of look-ups. Raises PublishingStopped, which
    names the file or the register, never an identifier.
    """
    looked_up = 0
    try:
        generation = Generation.open(directory)
        try:
            verify(generation)
            if generation.entities != persons + vehicles:
                raise PublishingStopped(
                    f"entities.bin holds {generation.entities:,} dossiers, linking made {persons + vehicles:,}"
                )
            for register, files in samples:
                looked_up += _look_up(generation, register, files)
        finally:
            generation.close()
    except CoreError as error:
        raise PublishingStopped(f"the new generation fails its check: {error}") from error
    return looked_up


def _look_up(generation: Generation, register: str, files: Sequence[Sampled]) -> int:
    keys = _sampled_keys(files)
    for kind, text in keys:
        found = generation.lookup(kind, text)
        if not found:
            raise PublishingStopped(f"register {register}: an identifier of kind {kind} that it holds finds no dossier")
        for entity in found:
            generation.dossier(entity)
    return len(keys)


def _is_of_plate(row: dict[str, Any]) -> bool:
    """Returns whether a record is a plate's: the VIN beside it is that of a vehicle that may be on no file."""
    return bool(row["subject"] == SUBJECT_PLATE or row["alert_kind"] == ALERT_KIND_STOLEN_PLATE)


def _sampled_keys(files: Sequence[Sampled]) -> list[tuple[int, str]]:
    """Spread over the first rows of every file, at most SAMPLE_LOOKUPS keys."""
    keys: dict[tuple[int, str], None] = {}
    for path, replaced in files:
        batches = pq.ParquetFile(path).iter_batches(SAMPLE_ROWS, columns=_COLUMNS)
        batch: pa.RecordBatch | None = next(batches, None)
        if batch is None:
            continue
        rows = batch.slice(0, SAMPLE_ROWS).to_pylist()
        if replaced is not None:
            gone = set(replaced[replaced < len(rows)].tolist())
            rows = [row for number, row in enumerate(rows) if number not in gone]
        for row in rows[:: max(1, len(rows) // 200)]:
            if row["subject"] == SUBJECT_PERSON and row["cui"]:
                keys[IdentifierKind.CUI, row["cui"]] = None
            elif row["subject"] != SUBJECT_PERSON and row["vin"] and not _is_of_plate(row):
                keys[IdentifierKind.VIN, row["vin"]] = None
            elif row["subject"] != SUBJECT_PERSON and row["plate"]:
                keys[IdentifierKind.PLATE, f"{row['plate_country'] or 'GTM'}:{row['plate']}"] = None
    ordered = list(keys)
    return ordered[:: max(1, len(ordered) // SAMPLE_LOOKUPS)][:SAMPLE_LOOKUPS]
