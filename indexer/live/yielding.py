"""Fed changes that yield to the base's extracts, and what was closed by feed and is listed all the same.

An extract wins where it states that it holds the change: its feed's sequence, else a snapshot instant (docs/answers.md
section 15). What then stands is the base's own record, so nothing of the change is linked; only an alert that the feed
had closed, and that the extract still lists as PENDING, is marked, when its subject is put together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from core.generation.store import Generation
from core.ledger.change import RECORD_KINDS, Change, Kind
from indexer.live.fed_rows import FedRows, RecordKey
from indexer.live.standing import STANDING_SCHEMA, Standing, Subject, values
from indexer.manifest.model import Manifest
from indexer.standard import ALERT_FED_CLOSED, ALERT_PROTECTED
from ronda.v1.alert_pb2 import (
    ALERT_STATE_CANCELLED,
    ALERT_STATE_EXECUTED,
    ALERT_STATE_LAPSED,
    ALERT_STATE_PENDING,
    ALERT_STATE_SUSPENDED,
    Hit,
)

NOTE = "CLOSED_BY_FEED"
_WORDS: dict[int, str] = {
    ALERT_STATE_CANCELLED: "cancelada",
    ALERT_STATE_EXECUTED: "ejecutada",
    ALERT_STATE_SUSPENDED: "suspendida",
    ALERT_STATE_LAPSED: "caducada",
}
_GUATEMALA = timedelta(hours=-6)

_Place = tuple[int, str, int]  # register, record id, section


@dataclass(frozen=True)
class _Closing:
    """What the feed said of a record before the extract that lists it."""

    state: int  # ronda.v1.AlertState
    event_ms: int


class Yielding:
    """Of one base: which changes its extracts hold, and which of its alerts the feed had closed. Not thread-safe."""

    def __init__(self, base: Generation, manifests: Sequence[Manifest], fed: FedRows) -> None:
        self._fed = fed
        self._names = [str(stated["name"]) for stated in base.manifest["registers"]]
        self._holds: dict[str, Mapping[str, Mapping[str, Any]]] = {
            stated["id"]: held for stated in base.manifest["registers"] if (held := stated.get("holds"))
        }
        self._built_ms = int(base.manifest["built_at_ms"])
        self._sources = {manifest.id: [source.name for source in manifest.source] for manifest in manifests}
        self._closed: dict[_Place, _Closing] = {}
        self._won: set[_Place] = set()  # of registers that state anything: a fed change stands in the record's place

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
                places = set(_places(key))
                self._won |= places
                for place in places:
                    self._closed.pop(place, None)

    def settle(self, yielding: Sequence[Change], standing: Standing) -> dict[bytes, Subject | None]:
        """Notes what these said; the subjects whose alerts are shown otherwise for it, settled as they were."""
        said = self._said(yielding)
        changed = {place for place, closing in said.items() if self._closed.get(place) != closing}
        if not changed:
            return {}
        sections: dict[tuple[int, str], set[int]] = {}
        for register, record_id, section in changed:
            sections.setdefault((register, record_id), set()).add(section)
        keys = [RecordKey(*head, frozenset(found)) for head, found in sections.items()]
        rows = standing.rows(standing.holders(keys))
        holders: dict[_Place, set[bytes]] = {}  # of what the extract lists as PENDING
        for place, lists, subject_id in zip(
            _places_of(rows), _lists_pending(rows), values(rows, "subject_id"), strict=True
        ):
            if lists and place in changed:
                holders.setdefault(place, set()).add(subject_id)
        for place in changed:
            closing = said[place]
            if closing is None or place not in holders:
                self._closed.pop(place, None)
            else:
                self._closed[place] = closing
        touched = set().union(*holders.values())
        if touched:
            as_before = standing.rows(touched)
            subjects: dict[bytes, Subject | None] = {subject_id: standing.known(subject_id) for subject_id in touched}
            standing.settle(subjects, as_before, STANDING_SCHEMA.empty_table())
            return subjects
        return {}

    def _said(self, yielding: Sequence[Change]) -> dict[_Place, _Closing | None]:
        """The last word on each record that no fed change stands in place of; None = it did not close it."""
        states = self._fed.states([change for change in yielding if change.kind is Kind.UPSERT])
        said: dict[_Place, _Closing | None] = {}
        for change in yielding:
            key = self._fed.key(change)
            if key is None or (change.kind is Kind.UPSERT and change.sequence not in states):
                continue  # what cannot be read says nothing; the extract is the later word anyhow
            for place in _places(key):
                state: int = ALERT_STATE_CANCELLED
                if change.kind is Kind.UPSERT:
                    state = states[change.sequence].get(place[2], ALERT_STATE_PENDING)
                said[place] = _Closing(state, change.event_ms) if state in _WORDS else None
        return {place: closing for place, closing in said.items() if place not in self._won}

    def marked(self, rows: pa.Table) -> pa.Table:
        """The records, on their way to a dossier, with what the feed had said of those that it had closed."""
        if not self._closed:
            return rows
        closings = [
            self._closed.get(place) if lists else None
            for place, lists in zip(_places_of(rows), _lists_pending(rows), strict=True)
        ]
        if not any(closings):
            return rows
        flags = rows.column("alert_flags").to_numpy().copy()
        flags[[place for place, closing in enumerate(closings) if closing]] |= ALERT_FED_CLOSED
        payloads = [
            (payload or b"") + self._note(register, closing) if closing else payload
            for payload, register, closing in zip(
                values(rows, "hit_payload"), values(rows, "register"), closings, strict=True
            )
        ]
        for name, column in (("alert_flags", flags), ("hit_payload", payloads)):
            at = rows.schema.get_field_index(name)
            rows = rows.set_column(at, rows.schema.field(at), pa.array(column, rows.schema.field(at).type))
        return rows

    def _note(self, register: int, closing: _Closing) -> bytes:
        """Of ronda.v1.Hit, encoded: "cancelada según OJ 27/11 10:42: confirme"."""
        when = datetime.fromtimestamp(closing.event_ms / 1000, UTC) + _GUATEMALA
        hit = Hit()
        word = _WORDS[closing.state]
        hit.notes.add(code=NOTE, text=f"{word} según {self._names[register]} {when:%d/%m %H:%M}: confirme")
        return bytes(hit.SerializeToString())


def _places(key: RecordKey) -> Iterable[_Place]:
    return ((key.register, key.record_id, section) for section in key.sections)


def _places_of(rows: pa.Table) -> list[_Place]:
    heads = (values(rows, name) for name in ("register", "record_id", "section"))
    return list(zip(*heads, strict=True))


def _lists_pending(rows: pa.Table) -> Collection[bool]:
    """Of each row, whether it is an alert and PENDING."""
    flags = rows.column("alert_flags").to_numpy()
    is_alert = (rows.column("alert_kind").to_numpy() != 0) & (flags & ALERT_PROTECTED == 0)
    found: list[bool] = np.asarray(is_alert & (rows.column("alert_state").to_numpy() == ALERT_STATE_PENDING)).tolist()
    return found
