"""Fed alerts in force that a later extract does not list as PENDING: nobody can tell which of the two is right.

A fed change wins over an extract that does not state what it holds (docs/answers.md section 15). Where the extract
states an instant after the event, and closes the alert or does not have it, the fed alert is POSSIBLE and says so. A
file's own time states nothing: it is when somebody wrote the file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from core.generation.store import Generation
from core.ledger.change import Change
from indexer.live.fed_closed import CLOSED, NOT_LISTED, Closing, mark
from indexer.live.fed_rows import are_alerts
from indexer.live.kept import KeptRecords
from indexer.live.record_key import RecordKey, are_meant, places_of, said_of_each
from indexer.manifest.model import Manifest
from ronda.v1.alert_pb2 import ALERT_STATE_PENDING


class Contradicted:
    """Over one base. Not thread-safe."""

    def __init__(self, base: Generation, kept: KeptRecords, manifests: Sequence[Manifest]) -> None:
        self._kept = kept
        self._names = [manifest.register_.name for manifest in manifests]
        self._instants: dict[tuple[int, int], int] = {}  # by register and source, UTC milliseconds
        for ordinal, (manifest, stated) in enumerate(zip(manifests, base.manifest["registers"], strict=True)):
            for source in manifest.source if stated["state"] == "loaded" else ():
                if source.as_of.origin == "mtime":
                    continue
                # Whatever it states: no extract holds what happened after it was read.
                read_ms = stated.get("holds", {}).get(source.name, {}).get("read_ms") or base.manifest["built_at_ms"]
                self._instants[ordinal, source.number] = min(int(stated["as_of_ms"]), int(read_ms))
        self._found: set[RecordKey] = set()

    @property
    def count(self) -> int:
        """Keys of which the last fed change is contradicted."""
        return len(self._found)

    def marked(self, changed: pa.Table, keys: Mapping[RecordKey, Change]) -> pa.Table:
        """The standard records of changes, those that a later extract contradicts marked."""
        pending = [
            is_alert and state == ALERT_STATE_PENDING
            for is_alert, state in zip(are_alerts(changed), changed.column("alert_state").to_pylist(), strict=True)
        ]
        said = said_of_each(changed, {key: (key, change) for key, change in keys.items()})
        closings: list[Closing | None] = []
        for place, each, is_pending in zip(places_of(changed), said, pending, strict=True):
            closing = None
            if each is not None:
                key, change = each
                self._found.discard(key)
                instant = self._instants.get((place[0], place[1] or 0))
                if is_pending and instant is not None and change.event_ms < instant:
                    closing = self._closing(key, instant)
                if closing is not None:
                    self._found.add(key)
            closings.append(closing)
        return mark(changed, closings, self._names)

    def _closing(self, key: RecordKey, instant: int) -> Closing | None:
        """What the extract says of an alert; None = PENDING too."""
        entities = self._kept.subjects_of(key.register, key.record_id)
        rows = self._kept.rows_of(entities)
        rows = rows.filter(pa.array(are_meant(rows, [key]) & are_alerts(rows)))
        states = set(rows.column("alert_state").to_pylist())
        if ALERT_STATE_PENDING in states:
            return None
        return Closing(next((state for state in states if state in CLOSED), NOT_LISTED), instant)
