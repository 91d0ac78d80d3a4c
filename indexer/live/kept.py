"""The linked records that a build keeps, so that one subject can be put together again (docs/live.md).

kept_records.arrow   every linked record in the order of dossiers; batches of KEPT_ROWS rows, lz4
kept_batches.arrow   the first subject of each batch
kept_index.mdb       (register, record id) -> subjects (core/generation/record_index.pyx)
kept_names.bin, kept_persons.arrow   who may be meant by a name (indexer/linking/names_kept.py)

They are files of the generation: in its manifest, counted in its bytes, gone with it. Mode 0600: they hold what the
registers said, whoever may see it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, cast

import numpy as np
import pyarrow as pa

from core.assembly.assembler import Ordered
from core.errors import GenerationDamaged
from core.generation.record_index import RecordIndex, RecordIndexWriter
from core.generation.store import Generation
from indexer.linking.names_kept import NAMES, PERSONS, KeptNames
from indexer.standard import LINKED_SCHEMA

KEPT_ROWS = 1024  # of a batch: 0.3 ms to read, and a subject has some ten
RECORDS, BATCHES, INDEX = "kept_records.arrow", "kept_batches.arrow", "kept_index.mdb"
KEPT_FILES = (RECORDS, BATCHES, INDEX, NAMES, PERSONS)
_FIELDS: list[pa.Field[Any]] = [pa.field("first", pa.uint32(), nullable=False)]
_BATCH_SCHEMA = pa.schema(_FIELDS)


class KeptRecordsWriter:
    """Writes the kept files into a generation that is being built, from the batches on their way to the assembly."""

    def __init__(self, directory: Path, temporary: Path) -> None:
        self._directory = directory
        for name in (RECORDS, BATCHES):
            os.close(os.open(directory / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        self._sink = pa.OSFile(str(directory / RECORDS), "wb")
        options = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)
        self._records = pa.ipc.new_file(self._sink, LINKED_SCHEMA, options=options)
        self._index = RecordIndexWriter(directory / INDEX, temporary)
        self._firsts: list[int] = []

    def __enter__(self) -> KeptRecordsWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._records.close()
        self._sink.close()
        self._index.close()

    def passing(self, records: Iterable[Ordered]) -> Iterator[Ordered]:
        """The same records, each kept before it goes on."""
        for ordered in records:
            self._keep(ordered)
            yield ordered

    def _keep(self, ordered: Ordered) -> None:
        batches = [cast(pa.RecordBatch, batch) for batch in ordered.batches]
        before = np.cumsum([0, *(batch.num_rows for batch in batches)])
        places = np.asarray(ordered.places)
        rows = before[places >> 32] + (places & 0xFFFFFFFF)
        whole = pa.Table.from_batches(batches).combine_chunks().to_batches()[0]
        for start in range(0, len(rows), KEPT_ROWS):
            piece = whole.take(pa.array(rows[start : start + KEPT_ROWS]))
            self._firsts.append(piece.column("entity")[0].as_py())
            self._records.write_batch(piece)
            self._index.add(piece.select(["register", "record_id", "entity"]))

    def finish(self) -> None:
        """After the last batch."""
        self._records.close()
        firsts = pa.record_batch([pa.array(self._firsts, pa.uint32())], schema=_BATCH_SCHEMA)
        with pa.OSFile(str(self._directory / BATCHES), "wb") as sink, pa.ipc.new_file(sink, _BATCH_SCHEMA) as file:
            file.write_batch(firsts)
        self._index.finish()


class KeptRecords:
    """The kept files of an open generation. Raises GenerationDamaged where it has none, or they do not hold."""

    def __init__(self, generation: Generation) -> None:
        directory: Path = generation.directory
        stated = generation.manifest["files"]
        for name in KEPT_FILES:
            if name not in stated:
                raise GenerationDamaged(name, "this generation keeps no records: build it with --live")
            if (directory / name).stat().st_size != stated[name]["bytes"]:
                raise GenerationDamaged(name, "not the size that the manifest states")
        try:
            with pa.memory_map(str(directory / BATCHES)) as file:
                self._firsts = pa.ipc.open_file(file).read_all().column("first").to_numpy()
            self._records = pa.ipc.open_file(pa.memory_map(str(directory / RECORDS)))
            self.names = KeptNames(directory)
        except (OSError, pa.ArrowInvalid) as error:
            raise GenerationDamaged(RECORDS, "cannot be read") from error
        if self._records.num_record_batches != len(self._firsts) or self._records.schema != LINKED_SCHEMA:
            raise GenerationDamaged(RECORDS, "not what its index says")
        self._index = RecordIndex(directory / INDEX)

    def subjects_of(self, register: int, record_id: str) -> list[int]:
        """Subjects that may hold a record: entity numbers, ascending."""
        return self._index.find(register, record_id)

    def rows_of(self, entities: Iterable[int]) -> pa.Table:
        """The linked records of these subjects, in the order of dossiers. Raises GenerationDamaged."""
        wanted = np.unique(np.fromiter(entities, dtype=np.uint32))
        found = []
        for number in self._batches_of(wanted):
            try:
                batch = self._records.get_batch(number)
            except (OSError, pa.ArrowInvalid) as error:
                raise GenerationDamaged(RECORDS, "a batch cannot be read") from error
            rows = np.flatnonzero(np.isin(batch.column("entity").to_numpy(), wanted))
            if len(rows):
                found.append(batch.take(rows))
        return pa.Table.from_batches(found, schema=LINKED_SCHEMA)

    def _batches_of(self, wanted: np.ndarray[Any, Any]) -> list[int]:
        """Numbers of the batches in which these subjects may be: one may begin in a batch and end in a later one."""
        firsts = self._firsts
        low = np.maximum(np.searchsorted(firsts, wanted, side="left") - 1, 0)
        high = np.searchsorted(firsts, wanted, side="right")
        numbers = {number for first, last in zip(low, high, strict=True) for number in range(first, last)}
        return sorted(int(number) for number in numbers)
