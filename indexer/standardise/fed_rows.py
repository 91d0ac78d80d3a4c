"""Rows that come one by one, looked at as an extract's are: whether they give the records that they should."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from indexer.manifest.model import Manifest
from indexer.manifest.sources import Source
from indexer.readers.batch import Batch
from indexer.standard import ALERT_HIDES_YET, ALERT_PROTECTED
from indexer.standardise.standardiser import Standardiser
from ronda.v1.alert_pb2 import ALERT_STATE_PENDING


class Fault(NamedTuple):
    """The reason why a row gives no record: the field and the rule, as in the quarantine (docs/manifests.md)."""

    field: str
    rule: str


class FedRow(NamedTuple):
    """A row that came: its register's own id of the record, and its cells by column."""

    record_id: str
    cells: Mapping[str, str]


class FedRows:
    """Rows of every register that has a manifest. Not thread-safe."""

    def __init__(self, manifests: Iterable[Manifest]) -> None:
        self._manifests = {manifest.id: (manifest, ordinal) for ordinal, manifest in enumerate(manifests)}
        self._standardisers: dict[tuple[str, str], Standardiser] = {}

    def look(self, register: str, source: str, rows: Sequence[FedRow]) -> list[Fault | None]:
        """Returns the first fault of each row; None = it gives its records. source: of the manifest; "" = its only one.

        A row with a readable part that hides an address is taken, even if other parts are unreadable. `ronda live`
        reports that its register lacks a change (docs/feed.md).
        """
        found = self._standardiser(register, source)
        if isinstance(found, Fault):
            return [found] * len(rows)
        columns = [pa.array([row.cells.get(name) for row in rows], pa.string()) for name in found.columns]
        faults: list[Fault | None] = [_missing_column(found, row) for row in rows]
        unread = found.add(Batch(columns, np.arange(len(rows), dtype=np.int64)))
        made = found.take()
        hiding = _rows_that_hide(made)
        for refused in unread:
            if faults[refused.row] is None and refused.row not in hiding:
                faults[refused.row] = Fault(f"{refused.section}.{refused.field}".strip("."), refused.rule)
        table = made.select(["row", "record_id"]).to_pydict()
        for place, record_id in zip(table["row"], table["record_id"], strict=True):
            if faults[place] is None and record_id != rows[place].record_id:
                faults[place] = Fault("record_id", "the row states another id")
        return faults

    def key(self, register: str, source: str, cells: Mapping[str, str]) -> tuple[str | None, str | None]:
        """Name of the source and the line that cells of it state; None = any (docs/feed.md, "The key of a record")."""
        found = self._standardiser(register, source)
        if isinstance(found, Fault):
            return source or None, None
        return found.source.name, found.line_of(cells)

    def unknown_columns(self, register: str, source: str, cells: Mapping[str, str]) -> list[str]:
        """Returns the columns of a row that the manifest does not read: they do no harm, and may be new or misspelt."""
        found = self._standardiser(register, source)
        return [] if isinstance(found, Fault) else sorted(set(cells).difference(found.columns))

    def _standardiser(self, register: str, source: str) -> Standardiser | Fault:
        known = self._standardisers.get((register, source))
        if known is not None:
            return known
        if register not in self._manifests:
            return Fault("register_id", "no manifest has this register")
        manifest, ordinal = self._manifests[register]
        wanted = _source(manifest, source)
        if isinstance(wanted, Fault):
            return wanted
        if any(record.source == wanted.name and record.record_id is None for record in manifest.record):
            return Fault("record_id", "the manifest names no column of it: such records cannot be fed")
        made = self._standardisers[register, source] = Standardiser(manifest, wanted, ordinal)
        return made


def _rows_that_hide(made: pa.Table) -> set[int]:
    """Numbers of the rows that give a protected side in force, a damaged one too."""
    flags = made.column("alert_flags").to_numpy()
    pending = made.column("alert_state").to_numpy() == ALERT_STATE_PENDING
    hides = (flags & ALERT_PROTECTED != 0) & (pending | (flags & ALERT_HIDES_YET != 0))
    return set(made.column("row").to_numpy()[hides].tolist())


def _missing_column(standardiser: Standardiser, row: FedRow) -> Fault | None:
    """Names a column that was renamed or left out: read as an empty cell, it would hide what the record says."""
    missing = next((name for name in standardiser.columns if name not in row.cells), None)
    if missing is None:
        return None
    if not any(name in row.cells for name in standardiser.columns):
        return Fault("cells", "no column of the manifest is among them")
    return Fault(f"cells.{missing}", "a column that the manifest reads is absent: an empty cell is an empty text")


def _source(manifest: Manifest, name: str) -> Source | Fault:
    if not name and len(manifest.source) == 1:
        return manifest.source[0]
    for source in manifest.source:
        if source.name == name:
            return source
    return Fault("manifest_source", f"one of {', '.join(source.name for source in manifest.source)}")
