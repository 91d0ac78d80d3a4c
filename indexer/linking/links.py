"""The links of all records, by place: plain arrays in mapped files, so that nothing is sorted and memory stays small.

Nearly every record has one link, decided by rule; it stands in the arrays at the record's place. Links with a level of
their own (POSSIBLE copies, links by name) are few and kept apart, in order of (place, entity).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

NOBODY = 0xFFFFFFFF  # no entity: core/generation/dossier.pxd NO_ENTITY
_CHUNK = 1 << 20

_COLUMNS: dict[str, Any] = {
    "entity": np.uint32,
    "criterion": np.uint8,
    "owner_entity": np.uint32,
    "owner_level": np.uint8,
    "minor": np.uint8,
}


class Links:
    """Links of `rows` places. `fill` them once, from batches in any order; then read by `between`."""

    def __init__(self, directory: Path | None, rows: int) -> None:
        """directory: None = few rows, in memory."""
        if directory is not None:
            directory.mkdir(parents=True, exist_ok=True)
        self.rows = rows
        self._arrays: dict[str, Any] = {}
        for name, kind in _COLUMNS.items():
            array: Any = (
                np.zeros(max(rows, 1), dtype=kind)
                if directory is None
                else np.memmap(directory / f"{name}.array", dtype=kind, mode="w+", shape=(max(rows, 1),))
            )
            if name in ("entity", "owner_entity"):
                array[:] = NOBODY
            self._arrays[name] = array
        self._apart: pa.Table | None = None

    def fill(self, batches: Iterable[pa.RecordBatch]) -> None:
        """Takes batches of place, entity, criterion, level, agrees, disagrees, owner_entity, owner_level, minor."""
        apart: list[pa.RecordBatch] = []
        for batch in batches:
            ruled = batch.column("level").to_numpy() == 0
            if not ruled.all():
                apart.append(batch.take(np.flatnonzero(~ruled)))
                batch = batch.take(np.flatnonzero(ruled))  # noqa: PLW2901  the rest of the same batch
            place = batch.column("place").to_numpy()
            for name, array in self._arrays.items():
                column = batch.column(name)
                if name == "owner_entity":
                    column = column.fill_null(pa.scalar(NOBODY, pa.uint32()))
                array[place] = column.to_numpy(zero_copy_only=False)
        if apart:
            table = pa.Table.from_batches(apart).combine_chunks()
            order = np.lexsort((table.column("entity").to_numpy(), table.column("place").to_numpy()))
            self._apart = table.take(order)

    def between(self, first: int, last: int) -> pa.Table:
        """The links of places [first, last), those kept apart after the others."""
        entity = self._arrays["entity"][first:last]
        held = np.flatnonzero(entity != NOBODY)
        owner = self._arrays["owner_entity"][first:last][held]
        table = pa.table(
            {
                "place": held.astype(np.int64) + first,
                "entity": entity[held],
                "criterion": self._arrays["criterion"][first:last][held],
                "level": np.zeros(len(held), dtype=np.uint8),
                "agrees": pa.nulls(len(held), pa.binary()),
                "disagrees": pa.nulls(len(held), pa.binary()),
                "owner_entity": pa.array(owner, mask=owner == NOBODY),
                "owner_level": self._arrays["owner_level"][first:last][held],
                "minor": self._arrays["minor"][first:last][held] != 0,
            }
        )
        if self._apart is None:
            return table
        edges = np.searchsorted(self._apart.column("place").to_numpy(), [first, last])
        return pa.concat_tables([table, self._apart.slice(edges[0], edges[1] - edges[0]).select(table.column_names)])

    def chunks(self) -> Iterator[pa.Table]:
        """All links, about a million at a time."""
        for first in range(0, self.rows, _CHUNK):
            yield self.between(first, min(first + _CHUNK, self.rows))

    def entities_of(self, places: Any) -> Any:
        """The distinct entities that records at these places are linked to, ascending."""
        found = [self._arrays["entity"][places]]
        if self._apart is not None:
            wanted = np.isin(self._apart.column("place").to_numpy(), places)
            found.append(self._apart.column("entity").to_numpy()[wanted])
        entities = np.unique(np.concatenate(found))
        return entities[entities != NOBODY]
