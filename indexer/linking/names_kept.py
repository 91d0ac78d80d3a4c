"""The index that links records by name, kept so that changes are linked as a build would (docs/live.md).

kept_names.bin       names.bin of everybody's claims on file, numbered for linking
kept_persons.arrow   the person of each number: CUI, or the text of another identifier; in order, not compressed

Both are made while a build links; a change is linked by the same index, with the same frequencies.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from core.linking.index import NameIndex
from core.linking.sweep import NameSweep
from indexer.linking.database import LinkingDatabase
from indexer.linking.hiding import BEARERS_LIMIT
from indexer.linking.weighed import Weighing
from ronda.v1.level_pb2 import AGREEMENT_AGREES

NAMES, PERSONS = "kept_names.bin", "kept_persons.arrow"
_FIELDS: list[pa.Field[Any]] = [pa.field("cui", pa.int64()), pa.field("text", pa.string())]
_PERSON_SCHEMA = pa.schema(_FIELDS)
Numbers = np.ndarray[Any, np.dtype[np.int64]]
_CLAIM_FIELDS: list[pa.Field[Any]] = [
    pa.field("entity", pa.uint32()),  # of the index
    pa.field("name_text", pa.string()),
    pa.field("birth", pa.int32()),  # as person_staged has it: year, month and day in one number
    pa.field("sex", pa.uint8()),
]
CLAIM_SCHEMA = pa.schema(_CLAIM_FIELDS)
ASKED = ("name_text", "birth_year", "birth_month", "birth_mday", "sex")
"""The columns of a standard record in a question to an index by name."""


def keep_persons(database: LinkingDatabase, path: Path) -> None:
    """Writes kept_persons.arrow of table `named_person`."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, _PERSON_SCHEMA) as file:
        for batch in database.stream("SELECT cui, text FROM named_person ORDER BY entity"):
            file.write_batch(batch.cast(_PERSON_SCHEMA))


@dataclass(frozen=True)
class AskedIndex:
    """A kept index and its found persons: `link_names` uses it in place of an index of its own."""

    sweep: NameSweep  # for one thread at a time
    persons: pa.Table  # entity (of the index), cui, text
    rows: Numbers  # the asked row, and beside it in `entities` the persons that it may mean
    entities: Numbers
    weighing: Callable[[], Weighing]
    of_base: pa.Table | None = None  # CLAIM_SCHEMA: persons with claims that may have changed, as the index has them
    near: bool = False  # a stated number is in doubt: somebody may bear one that is a slip from it

    @property
    def means_anybody(self) -> bool:
        """True if a name, or a slip of a number, may mean any person."""
        return self.near or self.persons.num_rows > 0


class KeptNames:
    """The kept index of a generation. Raises GenerationDamaged, OSError, pa.ArrowInvalid."""

    def __init__(self, directory: Path) -> None:
        self._index = NameIndex(directory / NAMES)
        self._sweep = NameSweep(self._index)
        self._persons = pa.ipc.open_file(pa.memory_map(str(directory / PERSONS))).read_all()

    def fitting(
        self, asked: Iterable[tuple[pa.Table, Numbers]], hiding: Iterable[tuple[pa.Table, Numbers]] = ()
    ) -> AskedIndex:
        """Returns the persons that records may mean.

        asked: tables with name_text, birth date and sex of standard records, and for each record the caller's number of
        its row. hiding: the same of orders, for the persons they may hide.
        """
        rows, found = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for tables, hides in ((asked, False), (hiding, True)):
            for table, numbers in tables:
                for batch in table.select(list(ASKED)).combine_chunks().to_batches():
                    fitting = self._sweep.fitting(batch, hides)
                    row, entity = (np.array(fitting[name], dtype=np.int64) for name in ("row", "entity"))
                    if hides:
                        few = _are_few(row, np.array(fitting["names"]) == AGREEMENT_AGREES)
                        row, entity = row[few], entity[few]
                    rows.append(numbers[row])
                    found.append(entity)
        entities = np.unique(np.concatenate(found))
        persons = self._persons.take(entities) if len(entities) else self._persons.slice(0, 0)
        persons = persons.add_column(0, "entity", pa.array(entities, pa.uint32()))
        return AskedIndex(self._sweep, persons, np.concatenate(rows), np.concatenate(found), lambda: self._weighing)

    @cached_property
    def _weighing(self) -> Weighing:
        """Returns how common the names of the index are."""
        return self._index.frequencies, self._index.population


def _are_few(rows: Numbers, agree: np.ndarray[Any, np.dtype[np.bool_]]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Marks the bearers of a row's name that it may hide (indexer/linking/hiding.py).

    These are all, or those with agreeing names, if they are BEARERS_LIMIT at most.
    """
    if not len(rows):
        return agree
    bearers, agreeing = np.bincount(rows)[rows], np.bincount(rows, weights=agree)[rows]
    return np.asarray((bearers <= BEARERS_LIMIT) | (agree & (agreeing <= BEARERS_LIMIT)))
