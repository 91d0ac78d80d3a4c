"""The linked records that a build keeps, so that one subject can be put together again (docs/live.md).

kept_records.bin     every linked record in the order of dossiers; pieces of KEPT_ROWS packed rows (packed_rows.py), lz4
kept_pieces.arrow    of each piece: its first subject, and its place
kept_index.mdb       (register, record id) -> subjects (core/generation/record_index.pyx); (BY_CAUSA, merge key),
                     (BY_OWNER, number), (BY_OWNED, the owner's number), (BY_LOOSE, number) too
kept_names.bin, kept_persons.arrow   persons that a name may mean (indexer/linking/names_kept.py)

They are files of the generation: in its manifest, counted in its bytes, gone with it. Mode 0600: they hold the
registers' data of every sensitivity.
"""

from __future__ import annotations

import mmap
import os
import zlib
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
from core.ledger.taken_in import KEPT_PIECES
from indexer.linking.names_kept import NAMES, PERSONS, KeptNames
from indexer.live.packed_rows import layouts, packed, rows_in, unpacked
from indexer.standard import LEVEL_BY_RULE, LINKED_SCHEMA
from ronda.v1.section_pb2 import SECTION_OWNER

KEPT_ROWS = 128  # of a piece: a subject has some ten, and its piece is read whole
RECORDS, PIECES, INDEX = "kept_records.bin", KEPT_PIECES, "kept_index.mdb"
KEPT_FILES = (RECORDS, PIECES, INDEX, NAMES, PERSONS)
# No registers: alerts whose person another register's record of the same causa may tell; vehicles whose owner has no
# CUI but a number that may be somebody's; vehicles by their owner, whose number as a subject of the base it is; of
# records with a number in the CUI's cell that is none their subjects, by what may meet it (`loose_keys`).
BY_CAUSA, BY_OWNER, BY_OWNED, BY_LOOSE = 255, 254, 253, 252
CUI_DIGITS = 13
CROSSED = ("nit", "licence", "cedula", "document_number")  # numbers beside which a register may state a CUI
_PIECES_AT_ONCE = 128  # in memory together: some 6 MB, and as much again for what is read from them
_CODEC = pa.Codec("lz4_raw")
_TAKEN_ROWS = 64 * KEPT_ROWS  # put in order at a time
_FIELDS: list[pa.Field[Any]] = [
    pa.field("first", pa.uint32(), nullable=False),
    pa.field("offset", pa.uint64(), nullable=False),
    pa.field("bytes", pa.uint32(), nullable=False),
    pa.field("plain_bytes", pa.uint32(), nullable=False),
    pa.field("rows", pa.uint32(), nullable=False),
    pa.field("crc32", pa.uint32(), nullable=False),  # of the bytes as they lie there
]
# Packed rows say nothing of their columns: those of another release would be read as other values.
_PIECE_SCHEMA = pa.schema(_FIELDS, metadata={"columns": LINKED_SCHEMA.to_string()})


class KeptRecordsWriter:
    """Writes the kept files into a generation that is being built, from the batches on their way to the assembly."""

    def __init__(self, directory: Path, temporary: Path) -> None:
        self._directory = directory
        for name in (RECORDS, PIECES):
            os.close(os.open(directory / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        self._records = (directory / RECORDS).open("wb")
        self._index = RecordIndexWriter(directory / INDEX, temporary)
        self._pieces: list[tuple[int, ...]] = []
        self._offset = 0

    def __enter__(self) -> KeptRecordsWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._records.close()
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
        for start in range(0, len(rows), _TAKEN_ROWS):
            taken = whole.take(pa.array(rows[start : start + _TAKEN_ROWS]))
            self._index.add(_indexed(taken))
            self._write(*packed(taken))

    def _write(self, rows: np.ndarray[Any, Any], texts: np.ndarray[Any, Any]) -> None:
        before = 0
        for start in range(0, len(rows), KEPT_ROWS):
            piece = rows[start : start + KEPT_ROWS].copy()
            end = int(piece["text_end"][-1])
            piece["text_end"] -= before
            plain = piece.tobytes() + texts[before:end].tobytes()
            written = _CODEC.compress(plain, asbytes=True)
            self._records.write(written)
            held = int(piece["entity"][0]), self._offset, len(written), len(plain), len(piece), zlib.crc32(written)
            self._pieces.append(held)
            self._offset += len(written)
            before = end

    def finish(self) -> None:
        """Writes the end, after the last batch."""
        self._records.close()
        columns = zip(*self._pieces, strict=True) if self._pieces else [()] * len(_PIECE_SCHEMA)
        pieces = pa.record_batch(
            [pa.array(column, field.type) for column, field in zip(columns, _PIECE_SCHEMA, strict=True)],
            schema=_PIECE_SCHEMA,
        )
        with pa.OSFile(str(self._directory / PIECES), "wb") as sink, pa.ipc.new_file(sink, _PIECE_SCHEMA) as file:
            file.write_batch(pieces)
        self._index.finish()


def awaiting_causa(rows: pa.Table | pa.RecordBatch) -> np.ndarray[Any, Any]:
    """Marks linked records that are alerts with a merge key and without a certain link by a number of their own."""
    keyed = rows.column("merge_key").is_valid().to_numpy(zero_copy_only=False)
    if not keyed.any():
        return np.zeros(rows.num_rows, dtype=bool)
    unsure = rows.column("link_level").to_numpy() != LEVEL_BY_RULE
    nameless = rows.column("cui").is_null().to_numpy(zero_copy_only=False)
    return np.asarray(keyed & (rows.column("alert_kind").to_numpy() != 0) & (unsure | nameless))


def loose_keys(number: str) -> set[str]:
    """Returns the keys of BY_LOOSE for a number in the CUI's cell that is no CUI.

    A CUI meets it by itself, or by its remainder after losing a digit (`keys_met_by`). So 14 digits are kept as their
    remainders without one. A NIT, and 12 digits, are kept as they are.
    """
    return without_a_digit(number) if len(number) == CUI_DIGITS + 1 else {number}


def keys_met_by(cui: str) -> set[str]:
    """The keys of numbers that may be this CUI with a digit lost or too many."""
    return {cui, *without_a_digit(cui)}


def without_a_digit(number: str) -> set[str]:
    """The number without each of its digits."""
    return {number[:place] + number[place + 1 :] for place in range(len(number))}


def number_of_owner(column: str, text: str) -> str:
    """Returns the key of BY_OWNER for it."""
    return f"{column}:{text}"


def _texts(rows: pa.RecordBatch, name: str, meant: np.ndarray[Any, Any]) -> list[str]:
    return [str(text) for text, is_meant in zip(rows.column(name).to_pylist(), meant, strict=True) if is_meant]


def _indexed(rows: pa.RecordBatch) -> pa.RecordBatch:
    found = [rows.select(["register", "record_id", "entity"])]

    def add(register: int, meant: np.ndarray[Any, Any], texts: list[str]) -> None:
        if texts:
            registers = pa.array(np.full(len(texts), register, dtype=np.uint8))
            entities = pa.array(rows.column("entity").to_numpy()[meant])
            found.append(pa.record_batch([registers, pa.array(texts, pa.string()), entities], schema=found[0].schema))

    awaiting = awaiting_causa(rows)
    add(BY_CAUSA, awaiting, _texts(rows, "merge_key", awaiting))
    owners = rows.column("section").to_numpy() == SECTION_OWNER
    owners &= rows.column("cui").is_null().to_numpy(zero_copy_only=False)
    for name in CROSSED if owners.any() else ():
        stated = owners & rows.column(name).is_valid().to_numpy(zero_copy_only=False)
        add(BY_OWNER, stated, [number_of_owner(name, text) for text in _texts(rows, name, stated)])
    for number, row in _loose(rows):
        add(BY_LOOSE, np.arange(rows.num_rows) == row, [number])
    owned = rows.column("owner_entity").is_valid().to_numpy(zero_copy_only=False)
    add(BY_OWNED, owned, _texts(rows, "owner_entity", owned) if owned.any() else [])
    if len(found) == 1:
        return found[0]
    together = pa.Table.from_batches(found)
    order = np.argsort(together.column("entity").to_numpy(), kind="stable")
    return together.take(order).combine_chunks().to_batches()[0]


def _loose(rows: pa.RecordBatch) -> list[tuple[str, int]]:
    """Keys of loose numbers, each with its row."""
    column = rows.column("loose_number")
    if column.null_count == rows.num_rows:
        return []
    return [(key, row) for row, text in enumerate(column.to_pylist()) if text for key in sorted(loose_keys(text))]


class _Pieces:
    """kept_records.bin, read a piece at a time."""

    def __init__(self, directory: Path) -> None:
        with pa.memory_map(str(directory / PIECES)) as file:
            table = pa.ipc.open_file(file).read_all()
        layout = layouts().get((table.schema.metadata or {}).get(b"columns", b"").decode(errors="replace"))
        if layout is None or not table.schema.equals(_PIECE_SCHEMA):
            raise GenerationDamaged(PIECES, "not what this version reads")
        self._layout = layout
        self.firsts, self._offsets, self._bytes, self._plain, self._rows, self._sums = (
            table.column(name).to_numpy() for name in _PIECE_SCHEMA.names
        )
        size = (directory / RECORDS).stat().st_size
        if size != int(self._bytes.sum()):
            raise GenerationDamaged(RECORDS, "not what its index says")
        with (directory / RECORDS).open("rb") as records:
            self._mapped = mmap.mmap(records.fileno(), 0, access=mmap.ACCESS_READ) if size else b""

    def rows_of(self, wanted: np.ndarray[Any, Any], numbers: list[int]) -> pa.Table:
        """The records of these subjects, ascending, in these pieces. Raises GenerationDamaged."""
        groups = (numbers[start : start + _PIECES_AT_ONCE] for start in range(0, max(len(numbers), 1), _PIECES_AT_ONCE))
        return pa.concat_tables([self._rows_of(wanted, group) for group in groups])

    def _rows_of(self, wanted: np.ndarray[Any, Any], numbers: list[int]) -> pa.Table:
        """The same of few pieces: they are in memory whole until the subjects' rows are read from them."""
        rows: list[memoryview] = []
        texts: list[memoryview] = []
        for number in numbers:
            plain, piece = self._piece(number)
            held, ends = piece["entity"], piece["text_end"]
            here = wanted[wanted.searchsorted(held[0]) : wanted.searchsorted(held[-1], side="right")]
            for start, end in zip(held.searchsorted(here), held.searchsorted(here, side="right"), strict=True):
                if start < end:  # a subject's rows stand together
                    rows.append(plain[start * piece.itemsize : end * piece.itemsize])
                    first = int(ends[start - 1]) if start else 0
                    texts.append(plain[piece.nbytes + first : piece.nbytes + int(ends[end - 1])])
        return unpacked(b"".join(rows), b"".join(texts), self._layout)

    def _piece(self, number: int) -> tuple[memoryview, np.ndarray[Any, Any]]:
        start = int(self._offsets[number])
        written = memoryview(self._mapped)[start : start + int(self._bytes[number])]
        if zlib.crc32(written) != self._sums[number]:
            raise GenerationDamaged(RECORDS, "a piece does not hold")
        plain = memoryview(_CODEC.decompress(pa.py_buffer(written), int(self._plain[number])))
        return plain, rows_in(plain, int(self._rows[number]), self._layout)


class _Batches:
    """kept_records.arrow of a generation that was built before 28 November 2026: batches of 1,024 rows."""

    RECORDS, FIRSTS = "kept_records.arrow", "kept_batches.arrow"

    def __init__(self, directory: Path) -> None:
        with pa.memory_map(str(directory / self.FIRSTS)) as file:
            self.firsts = pa.ipc.open_file(file).read_all().column("first").to_numpy()
        self._records = pa.ipc.open_file(pa.memory_map(str(directory / self.RECORDS)))
        if self._records.num_record_batches != len(self.firsts) or self._records.schema != LINKED_SCHEMA:
            raise GenerationDamaged(self.RECORDS, "not what its index says")

    def rows_of(self, wanted: np.ndarray[Any, Any], numbers: list[int]) -> pa.Table:
        """The records of these subjects, ascending, in these batches. Raises GenerationDamaged."""
        found = []
        for number in numbers:
            try:
                batch = self._records.get_batch(number)
            except (OSError, pa.ArrowInvalid) as error:
                raise GenerationDamaged(self.RECORDS, "a batch cannot be read") from error
            found.append(batch.take(np.flatnonzero(np.isin(batch.column("entity").to_numpy(), wanted))))
        return pa.Table.from_batches(found, schema=LINKED_SCHEMA)


class KeptRecords:
    """The kept files of an open generation. Raises GenerationDamaged where it has none, or they do not hold."""

    def __init__(self, generation: Generation) -> None:
        directory: Path = generation.directory
        stated = generation.manifest["files"]
        before = _Batches.RECORDS in stated
        for name in (_Batches.RECORDS, _Batches.FIRSTS, *KEPT_FILES[2:]) if before else KEPT_FILES:
            if name not in stated:
                raise GenerationDamaged(name, "this generation keeps no records: build it with --live")
            if (directory / name).stat().st_size != stated[name]["bytes"]:
                raise GenerationDamaged(name, "not the size that the manifest states")
        try:
            self._pieces = _Batches(directory) if before else _Pieces(directory)
            self.names = KeptNames(directory)
        except (OSError, pa.ArrowInvalid) as error:
            raise GenerationDamaged(RECORDS, "cannot be read") from error
        self._index = RecordIndex(directory / INDEX)

    def subjects_of(self, register: int, record_id: str) -> list[int]:
        """Subjects that may hold a record: entity numbers, ascending."""
        return self._index.find(register, record_id)

    def rows_of(self, entities: Iterable[int]) -> pa.Table:
        """The linked records of these subjects, in the order of dossiers. Raises GenerationDamaged."""
        wanted = np.unique(np.fromiter(entities, dtype=np.uint32))
        return self._pieces.rows_of(wanted, self._pieces_of(wanted).tolist())

    def _pieces_of(self, wanted: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Numbers of the pieces in which these subjects may be: one may begin in a piece and end in a later one."""
        firsts = self._pieces.firsts
        low = np.maximum(np.searchsorted(firsts, wanted, side="left") - 1, 0)
        high = np.searchsorted(firsts, wanted, side="right")
        many = high - low
        return np.unique(np.repeat(high - np.cumsum(many), many) + np.arange(int(many.sum())))
