"""Reads and writes which changes of the ledger a build took in among the extracts' records.

    fed_state.json   the last entry; state of the fed registers there; alerts closed by feed that are still listed
    fed_keys.arrow   the keys of the changes in force, and the extract's own rows under each
    fed_words.parquet  the changes that the next build needs (indexer.folding.last_words)

Files of the generation, beside the kept records (kept.py), with mode 0600. The writer over such a base begins behind
that entry. If the ledger is an older copy that went on otherwise, it takes the entries since: the copy's old ones are
in the base, and an earlier change would undo a later one. If it is another ledger, it takes all of it.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, ValidationError

from core.errors import GenerationDamaged
from core.files.regular_file import read_file
from core.ledger.change import Change
from core.ledger.noted import NotedPlace
from core.ledger.reader import LedgerReader, Position
from core.ledger.taken_in import STATE, WORDS
from indexer.live.fed_closed import Closing
from indexer.live.feeds import Feed, Signs
from indexer.live.record_key import Place, RecordKey

KEYS = "fed_keys.arrow"
FOLDED_FILES = (STATE, KEYS, WORDS)
_Key = tuple[int, str, int | None, str | None]
"""Register, record id, source, line: the fields of a RecordKey, in order."""
_FIELDS: list[pa.Field[Any]] = [
    pa.field("register", pa.uint8(), nullable=False),
    pa.field("record_id", pa.string(), nullable=False),
    pa.field("source", pa.int32()),
    pa.field("line", pa.string()),
    pa.field("listed", pa.uint8(), nullable=False),  # indexer.live.contradicted.listed_states
]
_SCHEMA = pa.schema(_FIELDS)


class _Stated(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StatedRefusal(_Stated):
    """A change that could not be read, and that no later one of its key replaced."""

    key: _Key | None = None
    words: tuple[str, str] | None = None  # source and id as the change has them, where no manifest has its source
    rule: str
    may_mean: list[Place] = []


class StatedFeed(_Stated):
    """State of a register (indexer.live.feeds.Feed)."""

    signs: dict[str, tuple[int, int]] = {}
    lacking: list[str] = []
    refused: list[StatedRefusal] = []

    @classmethod
    def of(cls, feed: Feed) -> StatedFeed:
        """Returns it as the file states it."""
        refused = [
            StatedRefusal(
                key=key if isinstance(key, RecordKey) else None,
                words=key if not isinstance(key, RecordKey) else None,
                rule=rule,
                may_mean=sorted(feed.may_mean.get(key, ()), key=repr),
            )
            for key, rule in feed.refused.items()
        ]
        signs = {source: (each.first, each.last) for source, each in feed.signs.items()}
        return cls(signs=signs, lacking=sorted(feed.lacking), refused=refused)

    def feed(self) -> Feed:
        """Returns what goes on from there."""
        found = Feed({source: Signs(*each) for source, each in self.signs.items()}, set(self.lacking))
        for each in self.refused:
            key = RecordKey(*each.key) if each.key is not None else each.words or ("", "")
            found.refused[key], found.may_mean[key] = each.rule, set(each.may_mean)
        return found


class StatedLedger(NotedPlace):
    """fed_state.json: the last entry that was taken in, and what came of all."""

    taken_ms: int = 0  # when that entry was taken over, UTC ms; 0 = of a build that did not state it
    feeds: dict[str, StatedFeed]
    closed: list[tuple[Place, int, int]]  # alert, state and event of the closing
    contradicted: list[_Key]


class Folded:
    """The two files of a base."""

    def __init__(self, directory: Path, stated: StatedLedger) -> None:
        self._directory, self._stated = directory, stated

    @classmethod
    def of(cls, directory: Path) -> Folded | None:
        """Returns what a generation states; None where its build took no change in. Raises GenerationDamaged."""
        try:
            return cls(directory, StatedLedger.model_validate_json(read_file(directory / STATE)))
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            raise GenerationDamaged(STATE, "it cannot be read") from error

    @property
    def sequence(self) -> int:
        """Sequence of the last entry taken in."""
        return self._stated.sequence

    @property
    def last(self) -> tuple[NotedPlace, int]:
        """The last entry that was taken in, and when it was taken over, UTC ms."""
        fields = {name: getattr(self._stated, name) for name in NotedPlace.model_fields}
        return NotedPlace(**fields), self._stated.taken_ms

    @property
    def closed(self) -> Mapping[Place, Closing]:
        """Alerts that the extracts list as PENDING and the feed had closed (indexer.live.yielding)."""
        return {place: Closing(state, event_ms) for place, state, event_ms in self._stated.closed}

    @property
    def contradicted(self) -> set[RecordKey]:
        """Keys of fed alerts in force that a later extract does not list (indexer.live.contradicted)."""
        return {RecordKey(*key) for key in self._stated.contradicted}

    def feeds(self) -> dict[str, Feed]:
        """Returns how the registers stood at that entry, each anew."""
        return {register: each.feed() for register, each in self._stated.feeds.items()}

    def place_in(self, ledger: LedgerReader) -> Position | None:
        """Returns the place behind that entry; None where this ledger has another there, or none. Raises OSError."""
        return self._stated.behind_it(ledger)

    def is_of(self, ledger: str) -> bool:
        """Returns whether the entries that were taken in are of the ledger with this id, or of a copy of it."""
        return self._stated.ledger == ledger

    def holds(self, change: Change) -> bool:
        """Returns whether the build took in an entry of a copy of its ledger that went on otherwise.

        What the copy has of before is in the base; what came since was taken over later.
        """
        return change.sequence <= self._stated.sequence and change.taken_ms <= self._stated.taken_ms

    def keys_of(self, ids: Collection[tuple[int, str]]) -> set[RecordKey]:
        """Returns the keys of the changes in force of these ids (register, record id). Raises GenerationDamaged."""
        return {key for key in self._of(record_id for _, record_id in ids) if (key.register, key.record_id) in ids}

    def listed(self, keys: Collection[RecordKey]) -> dict[RecordKey, int]:
        """Returns what the extract lists under those of these keys that are in force. Raises GenerationDamaged."""
        found = self._of(key.record_id for key in keys)
        return {key: found[key] for key in keys if key in found}

    def _of(self, record_ids: Iterable[str]) -> dict[RecordKey, int]:
        """Keys with what is listed, and none of other ids. After years they are millions: they stay in the file."""
        wanted = pa.array(list(record_ids), pa.string())
        if not len(wanted):
            return {}
        try:
            with pa.memory_map(str(self._directory / KEYS)) as file:
                reader = pa.ipc.open_file(file)
                batches = (reader.get_batch(number) for number in range(reader.num_record_batches))
                found = [each.filter(pc.is_in(each.column("record_id"), value_set=wanted)) for each in batches]
        except (OSError, pa.ArrowInvalid) as error:
            raise GenerationDamaged(KEYS, "it cannot be read") from error
        columns = zip(
            *(pa.Table.from_batches(found, _SCHEMA).column(name).to_pylist() for name in _SCHEMA.names), strict=True
        )
        return {RecordKey(*key): listed for *key, listed in columns}


class FoldedWriter:
    """Writes both files; use it as a context manager. Raises OSError."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        _write(directory / KEYS, b"")  # of mode 0600
        self._file = pa.OSFile(str(directory / KEYS), "wb")
        self._keys = pa.ipc.new_file(self._file, _SCHEMA)

    def __enter__(self) -> FoldedWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._keys.close()
        self._file.close()

    def add(self, listed: Mapping[RecordKey, int]) -> None:
        """Takes keys of changes in force, and what the extract lists under each."""
        rows = [(*key, state) for key, state in listed.items()]
        columns = zip(*rows, strict=True) if rows else [()] * len(_SCHEMA)
        arrays = [pa.array(column, field.type) for column, field in zip(columns, _SCHEMA, strict=True)]
        self._keys.write_batch(pa.record_batch(arrays, schema=_SCHEMA))

    def finish(self, stated: StatedLedger) -> None:
        """Takes the rest."""
        _write(self._directory / STATE, stated.model_dump_json().encode())


def _write(path: Path, data: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(data)
