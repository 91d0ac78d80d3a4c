"""Folding: the ledger's changes among the staged records, before they are linked (docs/live.md).

    ledger --entries--> a file --apart--> by id, with the staged rows of these ids --settling--> rows in their place

The staged files are not written again. Of each file the numbers of the replaced rows are handed on; the replacing rows
lie in files of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import GenerationDamaged
from core.generation.view_file import LIVE
from core.ledger.reader import FOLDER, LedgerReader
from indexer.folding.apart import FILE, PLACES, ROW, Parts
from indexer.folding.entries import Entries, read_out
from indexer.folding.last_words import LastWords, LastWordsWriter, keys_of_manifests, usable
from indexer.folding.settling import Settled, Settling
from indexer.linking.database import StagedFile
from indexer.live.fed_closed import Closing
from indexer.live.folded import FoldedWriter, StatedFeed, StatedLedger
from indexer.live.record_key import Place, RecordKey
from indexer.live.shared_keys import FILE as SHARED_KEYS
from indexer.live.shared_keys import KEPT, SharedKeys
from indexer.manifest.model import Manifest
from indexer.standard import STANDARD_SCHEMA


@dataclass(frozen=True)
class FoldedChanges:
    """The result of folding."""

    files: list[StagedFile]  # those to be linked
    changes: int
    records: int  # that stand in place of the extracts', or beside them
    refused: int  # changes that could not be read
    sequence: int  # of the ledger's last entry that was taken in
    words_of: str = ""  # the generation with last words for the ledger's first entries
    other_keys: bool = False  # these are of manifests that name records otherwise, and the archive is away


class _Placed:
    """Writes settled records to files, and keeps the places of the rows that they replace."""

    def __init__(self, directory: Path, files: Sequence[StagedFile]) -> None:
        self._directory, self._files = directory, list(files)
        self._writers: dict[int, pq.ParquetWriter] = {}
        self._replaced: list[pa.Table] = [PLACES.empty_table()]
        self.records = 0

    def put(self, settled: Settled) -> None:
        """Takes a part."""
        registers = settled.rows.column("register").to_numpy()
        for register in np.unique(registers).tolist():
            rows = settled.rows.take(np.flatnonzero(registers == register))
            if register not in self._writers:
                path = self._path(register)
                path.parent.mkdir()
                self._writers[register] = pq.ParquetWriter(path, STANDARD_SCHEMA, compression="zstd")
            self._writers[register].write_table(rows)
            self.records += rows.num_rows
        self._replaced.append(settled.replaced)

    def files(self) -> list[StagedFile]:
        """Closes the new files; returns all of them, each with what of it is replaced."""
        for writer in self._writers.values():
            writer.close()
        replaced = pa.concat_tables(self._replaced)
        file, row = (replaced.column(name).to_numpy() for name in (FILE, ROW))
        found = list(self._files)
        for number in np.unique(file).tolist():
            found[number] = replace(found[number], replaced=np.sort(row[file == number]))
        return [*found, *(StagedFile(self._path(register), register) for register in sorted(self._writers))]

    def _path(self, register: int) -> Path:
        return self._directory / f"register-{register}" / "records-fed.parquet"


def fold(
    data: Path,
    files: Sequence[StagedFile],
    registers: Sequence[Mapping[str, Any]],
    built_ms: int,
    manifests: Sequence[Manifest],
    directory: Path,
    *,
    memory_bytes: int,
) -> FoldedChanges | None:
    """Takes the changes of <data>/ledger in; None where nothing was ever fed.

    registers: as the base's MANIFEST.json will state them. directory: has what `note_keys_of_several` left
    there; gets the files of fed records, and FOLDED_FILES. Raises LedgerDamaged, OSError.
    """
    try:
        ledger = LedgerReader(data / FOLDER)
    except FileNotFoundError:
        return None
    ordinals = {manifest.id: ordinal for ordinal, manifest in enumerate(manifests)}
    with ledger:
        entries, words = _read_out(ledger, data, ordinals, manifests, directory / "entries.parquet")
    if entries is None:
        return None
    shared = SharedKeys(data / LIVE / SHARED_KEYS, list(ordinals), kept=directory / KEPT)
    settling = Settling(registers, built_ms, manifests, shared, entries.feeds)
    placed = _Placed(directory, files)
    closed: dict[Place, Closing] = {}
    with (
        Parts(entries, files, directory, memory_bytes) as parts,
        FoldedWriter(directory) as folded,
        LastWordsWriter(directory, manifests) as kept,
    ):
        for part in parts:
            settled = settling.settle(part)
            placed.put(settled)
            folded.add(settled.listed)
            kept.add(settling.last_words(part))
            closed |= settled.closed
        folded.finish(_stated(entries, closed, settling.contradicted.found))
    return FoldedChanges(
        placed.files(),
        entries.changes,
        placed.records,
        settling.refused,
        entries.place.sequence,
        words.generation_id if words is not None else "",
        words is not None and words.keys != keys_of_manifests(manifests),
    )


def _read_out(
    ledger: LedgerReader, data: Path, ordinals: Mapping[str, int], manifests: Sequence[Manifest], path: Path
) -> tuple[Entries | None, LastWords | None]:
    """Raises LedgerDamaged, LedgerArchiveAway, OSError."""
    for words in usable(data, ledger, manifests):
        with suppress(GenerationDamaged):
            return read_out(ledger, ordinals, path, words), words
    return read_out(ledger, ordinals, path), None


def _stated(entries: Entries, closed: Mapping[Place, Closing], contradicted: Iterable[RecordKey]) -> StatedLedger:
    return StatedLedger(
        **entries.place.model_dump(),
        taken_ms=entries.taken_ms,
        feeds={register: StatedFeed.of(feed) for register, feed in entries.feeds.items()},
        closed=[(place, each.state, each.event_ms) for place, each in closed.items()],
        contradicted=list(contradicted),
    )
