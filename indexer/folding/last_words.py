"""The last words of the ledger: the entries of an earlier build that a later one may still need.

fed_words.parquet   changes, as indexer.folding.entries has them; in each generation that took changes in

The next build reads them, and the later entries of the ledger. The first entries of a long ledger are archived, and may
be away. Of each key they hold its last row and the entries after it; of ids in doubt, everything. The manifests decide
which changes have one key. If that has changed, the whole ledger is read, as long as its archive is here.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from core.documents import json_of
from core.errors import GenerationDamaged
from core.ledger.change import Change, Kind
from core.ledger.noted import NotedPlace
from core.ledger.reader import LedgerReader, Position
from core.ledger.taken_in import WORDS
from indexer.folding.entries import SCHEMA, batch_of
from indexer.generations.publishing import GENERATIONS, published_generations
from indexer.live.fed_rows import NO_REGISTER
from indexer.live.feeds import Feed
from indexer.live.folded import Folded
from indexer.live.record_key import RecordKey
from indexer.manifest.model import Manifest

_KEYS, _REGISTERS = b"keys", b"registers"


def keys_of_manifests(manifests: Sequence[Manifest]) -> str:
    """Returns a digest of what decides which changes have one key."""
    state = hashlib.sha256()
    for manifest in manifests:
        sources = [(source.name, source.number, source.line) for source in manifest.source]
        alerts = sorted({record.source for record in manifest.record if record.alert is not None})
        state.update(repr((manifest.id, sources, alerts)).encode())
    return state.hexdigest()


def last_words(
    changes: Sequence[Change],
    key_of: Callable[[Change], RecordKey | None],
    is_doubted: Callable[[Change, RecordKey | None], bool],
) -> list[Change]:
    """Returns those of some ids' changes, all of each id in their order, on which what stands may ever rest.

    is_doubted: of a change that names no record, or may mean several, or could not be read.
    """
    of_id: dict[tuple[str, str], list[Change]] = {}
    for change in changes:
        of_id.setdefault((change.register, change.record_id), []).append(change)
    kept: list[Change] = []
    for each in of_id.values():
        keys = [key_of(change) for change in each] if len(each) > 1 else []
        if not keys or any(is_doubted(change, key) for change, key in zip(each, keys, strict=True)):
            kept += each
            continue
        last_rows: dict[RecordKey | None, tuple[int, Change]] = {
            key: (place, change)
            for place, (change, key) in enumerate(zip(each, keys, strict=True))
            if change.kind is Kind.UPSERT
        }
        for place, (change, key) in enumerate(zip(each, keys, strict=True)):
            at, row = last_rows.get(key, (-1, change))
            if place >= at or not _yields_before(change, row):
                kept.append(change)
    return kept


def _yields_before(change: Change, row: Change) -> bool:
    """Returns whether an extract that holds the later row holds the change: where it counts, the row does."""
    return (
        (change.source, change.manifest_source) == (row.source, row.manifest_source)
        and change.event_ms <= row.event_ms
        and change.source_sequence <= row.source_sequence
    )


class LastWords:
    """The last words of one generation."""

    def __init__(self, directory: Path, folded: Folded, behind: Position) -> None:
        """behind: the place in the ledger behind what they are of. Raises GenerationDamaged."""
        self.generation_id, self.folded, self.behind = directory.name, folded, behind
        try:
            self._file = pq.ParquetFile(directory / WORDS, page_checksum_verification=True)
            metadata = self._file.schema_arrow.metadata or {}
            self.keys = metadata[_KEYS].decode()
            self._registers: list[str] = json_of(metadata[_REGISTERS])
        except (OSError, pa.ArrowInvalid, KeyError, ValueError) as error:
            raise GenerationDamaged(WORDS, "it cannot be read") from error

    @classmethod
    def all_of(cls, data: Path, ledger: LedgerReader) -> list[LastWords]:
        """Returns those of this ledger, which go furthest first. Raises OSError."""
        found = []
        for name in published_generations(data):
            directory = data / GENERATIONS / name
            try:
                folded = Folded.of(directory)
                behind = folded.place_in(ledger) if folded is not None else None
                if folded is not None and behind is not None and (directory / WORDS).exists():
                    found.append(cls(directory, folded, behind))
            except GenerationDamaged:
                continue
        return sorted(found, key=lambda each: each.behind, reverse=True)

    def feeds(self) -> dict[str, Feed]:
        """Returns how the registers stood, nothing refused: what was is among the words."""
        return {register: Feed(feed.signs, feed.lacking) for register, feed in self.folded.feeds().items()}

    @property
    def last(self) -> tuple[NotedPlace, int]:
        """The last entry that they are of, and when it was taken over."""
        return self.folded.last

    def batches(self, ordinals: Mapping[str, int]) -> Iterator[pa.RecordBatch]:
        """Returns the changes. ordinals: by register id. Raises GenerationDamaged."""
        now = np.full(NO_REGISTER + 1, NO_REGISTER, np.uint8)
        for before, register in enumerate(self._registers):
            now[before] = ordinals.get(register, NO_REGISTER)
        try:
            for batch in self._file.iter_batches():
                register = pa.array(now[batch.column("register").to_numpy()])
                yield pa.record_batch([register, *batch.columns[1:]], schema=SCHEMA)
        except (OSError, pa.ArrowInvalid) as error:
            raise GenerationDamaged(WORDS, "it cannot be read") from error


class LastWordsWriter:
    """Writes those of a new generation; use it as a context manager. Raises OSError."""

    def __init__(self, directory: Path, manifests: Sequence[Manifest]) -> None:
        ids = [manifest.id for manifest in manifests]
        self._ordinals = {register: ordinal for ordinal, register in enumerate(ids)}
        path = directory / WORDS
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600))
        told = {_KEYS: keys_of_manifests(manifests).encode(), _REGISTERS: json.dumps(ids).encode()}
        self._file = pq.ParquetWriter(
            path, SCHEMA.with_metadata(told), compression="zstd", write_page_checksum=True, use_dictionary=False
        )

    def __enter__(self) -> LastWordsWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, changes: Collection[Change]) -> None:
        """Takes the words of a part."""
        self._file.write_batch(batch_of(list(changes), self._ordinals))


def usable(data: Path, ledger: LedgerReader, manifests: Sequence[Manifest]) -> list[LastWords]:
    """Returns the words that a build may begin with, the best first. Raises LedgerDamaged, OSError.

    Those of other keys are of use only while not all of the ledger is here.
    """
    found, same = LastWords.all_of(data, ledger), keys_of_manifests(manifests)
    others = [each for each in found if each.keys != same] if ledger.archive.away() else []
    return [*(each for each in found if each.keys == same), *others]
