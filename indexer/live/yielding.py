"""Fed changes that yield to the base's extracts, and alerts closed by feed that are listed all the same.

An extract wins if it states that it holds the change: its feed's sequence, else a snapshot instant (docs/answers.md
section 15). The base's own record then stands, so nothing of the change is linked. Only an alert that the feed had
closed, and that the extract still lists as PENDING, is marked, when its subject is put together.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from core.ledger.change import RECORD_KINDS, Change, Kind
from indexer.live.fed_closed import CLOSED, Closing, lists_pending, mark, unmarked
from indexer.live.fed_rows import FedRows
from indexer.live.folded import Folded
from indexer.live.record_key import Place, RecordKey, places_of
from indexer.manifest.model import Manifest
from ronda.v1.alert_pb2 import ALERT_STATE_CANCELLED

_Said = dict[RecordKey, dict[int | None, Closing | None]]
"""The last word under each key, by part; part None = every part that has no word of its own. None = not closed."""


class Yielding:
    """The changes that one base's extracts hold, and its alerts that the feed had closed. Not thread-safe."""

    def __init__(
        self,
        registers: Sequence[Mapping[str, Any]],
        built_ms: int,
        manifests: Sequence[Manifest],
        fed: FedRows,
        folded: Folded | None = None,
    ) -> None:
        """registers: as the base's MANIFEST.json states them. built_ms: when it was built, UTC ms.

        folded: the changes that the build took in; its records have their marks already.
        """
        self._fed = fed
        self._names = [str(stated["name"]) for stated in registers]
        self._holds: dict[str, Mapping[str, Mapping[str, Any]]] = {
            stated["id"]: held for stated in registers if (held := stated.get("holds"))
        }
        self._built_ms = built_ms
        self._sources = {manifest.id: [source.name for source in manifest.source] for manifest in manifests}
        self._closed: dict[Place, Closing] = dict(folded.closed) if folded is not None else {}
        self._marked_before = dict(self._closed)
        # Keys of fed changes in force, by (register, id); of registers that state anything.
        self._won: dict[tuple[int, str], set[RecordKey]] = {}
        self._folded = folded  # has more of them

    # ---- which ----

    def parted(self, due: Iterable[Change]) -> tuple[list[Change], list[Change]]:
        """(those that count, those that yield), each in order."""
        counting: list[Change] = []
        yielding: list[Change] = []
        for change in due:
            (yielding if self._yields(change) else counting).append(change)
        return counting, yielding

    def _yields(self, change: Change) -> bool:
        """A change that may mean records of several sources yields where all of them hold it."""
        held = self._holds.get(change.register)
        if held is None or change.kind not in RECORD_KINDS:
            return False
        sources = [change.manifest_source] if change.manifest_source else self._sources[change.register]
        if change.kind is Kind.UPSERT and len(sources) != 1:
            return False  # it names none of several: refused
        return all(self._source_holds(held.get(source, {}), change) for source in sources)

    def _source_holds(self, stated: Mapping[str, Any], change: Change) -> bool:
        """A sequence of the change's own feed decides; where none is stated, a snapshot instant. Never of what happened
        after the extract was read, whatever it states: that would drop changes for as long as a wrong number is ahead.
        """
        if change.event_ms > int(stated.get("read_ms") or self._built_ms):
            return False
        feeds = stated.get("feeds", {})
        if change.source in feeds:
            return 0 < change.source_sequence <= int(feeds[change.source])
        snapshot_ms = stated.get("snapshot_ms")
        return snapshot_ms is not None and change.event_ms <= int(snapshot_ms)

    # ---- what comes of it ----

    def won(self, keys: Iterable[RecordKey]) -> None:
        """Changes of these records are in force: nothing of the extract stands there any more."""
        for key in keys:
            if self._fed.register_id(key.register) in self._holds:
                self._won.setdefault((key.register, key.record_id), set()).add(key)
                for place in [place for place in self._closed if key.means(place)]:
                    del self._closed[place]
                    self._marked_before.pop(place, None)

    def settle(self, yielding: Sequence[Change], rows_of: Callable[[Iterable[RecordKey]], pa.Table]) -> pa.Table | None:
        """Notes the content of these changes; returns the records with a changed display of alerts, None = none.

        rows_of: the records of some keys as they stand, and perhaps others.
        """
        said = self._said(yielding)
        closed = {(place[0], place[2]) for place in self._closed}
        closed |= {(key.register, key.record_id) for key, words in said.items() if any(words.values())}
        said = {key: words for key, words in said.items() if (key.register, key.record_id) in closed}
        if not said:
            return None
        self._take_up_keys({(key.register, key.record_id) for key in said})
        rows = rows_of(said)
        touched = []
        for number, (place, lists) in enumerate(zip(places_of(rows), lists_pending(rows).tolist(), strict=True)):
            has_word, closing = self._word(place, said)
            if not has_word or not lists or self._closed.get(place) == closing:
                continue
            touched.append(number)
            if closing is None:
                del self._closed[place]
            else:
                self._closed[place] = closing
        return rows.take(touched) if touched else None

    @property
    def closed(self) -> Mapping[Place, Closing]:
        """Alerts that the extracts list as PENDING and the feed had closed."""
        return self._closed

    def _take_up_keys(self, ids: Collection[tuple[int, str]]) -> None:
        """Adds the keys of these ids' changes that the build took in: they are in force, and seldom asked for."""
        if self._folded is not None:
            self.won(self._folded.keys_of(ids))

    def _said(self, yielding: Sequence[Change]) -> _Said:
        """The last word under each key."""
        states = self._fed.states([change for change in yielding if change.kind is Kind.UPSERT])
        said: _Said = {}
        for change in yielding:
            key = self._fed.key(change)
            if key is None or (change.kind is Kind.UPSERT and change.sequence not in states):
                continue  # what cannot be read says nothing; the extract is the later word anyhow
            said.pop(key, None)  # the last word comes last
            if change.kind is Kind.CANCEL:
                said[key] = {None: Closing(ALERT_STATE_CANCELLED, change.event_ms)}
            else:
                said[key] = {
                    part: Closing(state, change.event_ms) if state in CLOSED else None
                    for part, state in states[change.sequence].items()
                }
        return said

    def _word(self, place: Place, said: _Said) -> tuple[bool, Closing | None]:
        """Returns whether anything was said of a record that no fed change stands in place of, and what."""
        head = place[0], place[2]
        if any(key.means(place) for key in self._won.get(head, ())):
            return False, None
        words = [word for key, word in said.items() if key.means(place)]
        if not words:
            return False, None
        return True, words[-1].get(place[4], words[-1].get(None))

    def marked(self, rows: pa.Table) -> pa.Table:
        """The records, on their way to a dossier, with what the feed had said of those that it had closed."""
        reworded = {place for place, closing in self._marked_before.items() if self._closed.get(place) != closing}
        if not self._closed and not reworded:
            return rows
        places = places_of(rows)
        rows = unmarked(rows, [place in reworded for place in places])
        lists = lists_pending(rows).tolist()
        closings = [self._closed.get(place) if listed else None for place, listed in zip(places, lists, strict=True)]
        return mark(rows, closings, self._names)
