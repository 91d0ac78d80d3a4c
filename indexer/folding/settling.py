"""Settles which records hold for some ids, after extract and feed: the rules are those of the live writer.

    rounds --fed_rows--> standard records --meaning--> which they replace --contradicted, yielding--> marks

`indexer.live.writer` applies the same rules to linked records, change by change; here links come afterwards, of all
records.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from core.ledger.change import Change
from indexer.folding.apart import FILE, ROW, Part
from indexer.folding.last_words import last_words
from indexer.live.contradicted import Contradicted, listed_states
from indexer.live.fed_closed import Closing
from indexer.live.fed_rows import FedRows, RefusedChange, closed_rows
from indexer.live.feeds import Feed, Named
from indexer.live.meaning import Id, meant_records, several_among, with_doubts
from indexer.live.record_key import Place, RecordKey, keys_of, places_of, without_records
from indexer.live.refusing import settle_each
from indexer.live.rounds import Record, rounds_of
from indexer.live.shared_keys import SharedKeys
from indexer.live.yielding import Yielding
from indexer.manifest.model import Manifest
from indexer.standard import STANDARD_SCHEMA

_AT_ONCE = 20_000


class Settled(NamedTuple):
    """The result of one part."""

    rows: pa.Table  # STANDARD_SCHEMA: what stands of the ids that the feed changed
    replaced: pa.Table  # FILE, ROW: where the extracts have these ids
    listed: Mapping[RecordKey, int]  # what the extracts list, by the keys of changes in force
    closed: Mapping[Place, Closing]  # alerts that they list as PENDING and the feed had closed


class Settling:
    """Parts, one after another. Not thread-safe."""

    def __init__(
        self,
        registers: Sequence[Mapping[str, Any]],
        built_ms: int,
        manifests: Sequence[Manifest],
        shared_keys: SharedKeys,
        feeds: Mapping[str, Feed],
    ) -> None:
        """registers: as MANIFEST.json of the base will state them. built_ms: what it will say, UTC ms.

        feeds: by register id, those of every entry; learn what is refused.
        """
        self._names = [str(stated["name"]) for stated in registers]
        self._fed = FedRows(manifests)
        self._yielding_anew = partial(Yielding, registers, built_ms, manifests, self._fed)
        self._yielding = self._yielding_anew()
        self.contradicted = Contradicted(registers, built_ms, manifests, self._listed_among)
        self._shared_keys = shared_keys
        self._feeds = feeds
        self.refused = 0
        self._extract = self._now = STANDARD_SCHEMA.empty_table()  # of the part: as it was, and as it is
        self._changed: set[Id] = set()
        self._listed: dict[RecordKey, int] = {}
        self._not_read: set[int] = set()  # sequences

    def settle(self, part: Part) -> Settled:
        """Applies a part's changes. Raises OSError."""
        self._extract = self._now = part.rows.select(STANDARD_SCHEMA.names)
        self._changed, self._listed, self._yielding = set(), {}, self._yielding_anew()
        self._not_read = set()
        for start in range(0, len(part.changes), _AT_ONCE):
            self._take(part.changes[start : start + _AT_ONCE])
        rows = self._yielding.marked(self._now)
        ids = self._changed | {(place[0], place[2]) for place in self._yielding.closed}
        replaced = _of_ids(part.rows, ids)[0].select([FILE, ROW])
        return Settled(_of_ids(rows, ids)[0], replaced, self._listed, self._yielding.closed)

    def last_words(self, part: Part) -> list[Change]:
        """Returns the changes of the part that was settled last on which what stands may ever rest."""
        return last_words(part.changes, self._fed.key, self._is_doubted)

    def _is_doubted(self, change: Change, key: RecordKey | None) -> bool:
        """Returns whether a change names no record, may mean several, or could not be read."""
        if key is None or key.source is None or change.sequence in self._not_read or key in self._shared_keys:
            return True
        return key.line is None and self._fed.has_line(key)

    def _take(self, due: Sequence[Change]) -> None:
        counting, yielding = self._yielding.parted(due)
        for counted in rounds_of(counting, self._fed.unreadable, self._fed.key, self._shared):
            not_read = {why.sequence: why for why in settle_each(counted, self._settle)}
            self.refused += len(not_read)
            self._not_read |= not_read.keys()
            for change in counted:
                self._feeds[change.register].take(self._key_of(change), change, not_read.get(change.sequence))
            read = [self._fed.key(change) for change in counted if change.sequence not in not_read]
            self._win({key for key in read if key is not None})
        self._yielding.settle(yielding, self._rows_of)

    def _settle(self, due: Sequence[Change]) -> list[RefusedChange]:
        """Puts what these changes say in the place of what they mean; returns those that cannot be read."""
        read = self._fed.read(due)
        near, rest = _of_ids(self._now, {(key.register, key.record_id) for key in read.keys})
        fed, meaning = meant_records(read, near, self._shared_keys, self._fed.has_line)
        others, replaced = without_records(near, fed.keys)
        changed = pa.concat_tables([STANDARD_SCHEMA.empty_table(), *fed.rows])
        changed = self.contradicted.marked(changed, fed.keys)
        stands = pa.concat_tables([others, changed, closed_rows(replaced, fed.cancelled)])
        self._now = pa.concat_tables([rest, with_doubts(stands, meaning.doubted, self._names)])
        self._win(fed.keys.keys())
        self._changed |= {(key.register, key.record_id) for key in (*fed.keys, *meaning.doubted)}
        return fed.refused

    def _win(self, keys: Collection[RecordKey]) -> None:
        """Changes of these keys are in force."""
        self._yielding.won(keys)
        new = {key for key in keys if key not in self._listed}
        self._listed |= self._listed_among(new)

    # ---- what is there ----

    def _listed_among(self, keys: set[RecordKey]) -> dict[RecordKey, int]:
        rows, _ = _of_ids(self._extract, {(key.register, key.record_id) for key in keys})
        return listed_states(rows, keys)

    def _rows_of(self, keys: Iterable[RecordKey]) -> pa.Table:
        return _of_ids(self._now, {(key.register, key.record_id) for key in keys})[0]

    def _key_of(self, change: Change) -> Named:
        """Returns the key that a change names, or its own words where no manifest has its source."""
        return self._fed.key(change) or (change.manifest_source, change.record_id)

    def _shared(self, records: Iterable[Record]) -> set[Record]:
        """Returns those of these (register, id) that several records have, or once had."""
        ids = {(self._fed.ordinal(register), record_id) for register, record_id in records}
        rows, _ = _of_ids(self._now, ids)
        shared = {(key.register, key.record_id) for key in keys_of(rows) if key in self._shared_keys}
        found = several_among(ids, rows) | shared
        return {(self._fed.register_id(ordinal), record_id) for ordinal, record_id in found}


def _of_ids(rows: pa.Table, ids: Collection[Id]) -> tuple[pa.Table, pa.Table]:
    """Returns the records of these ids, and the others."""
    wanted = pc.is_in(rows.column("record_id"), value_set=pa.array([record_id for _, record_id in ids], pa.string()))
    likely = rows.filter(wanted)
    meant = pa.array([(place[0], place[2]) in ids for place in places_of(likely)], pa.bool_())
    rest = rows.filter(pc.invert(wanted))
    if pc.all(meant).as_py() is not False:
        return likely, rest
    return likely.filter(meant), pa.concat_tables([rest, likely.filter(pc.invert(meant))])
