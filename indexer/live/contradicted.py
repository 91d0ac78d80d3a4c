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
from indexer.live.fed_closed import CLOSED, NOT_LISTED, Closing, lists_pending, mark
from indexer.live.fed_rows import are_alerts
from indexer.live.kept import KeptRecords
from indexer.live.record_key import RecordKey, said_of_each
from indexer.live.standing import values
from indexer.manifest.model import Manifest
from ronda.v1.alert_pb2 import ALERT_STATE_PENDING


class Contradicted:
    """Finds them over one base. Not thread-safe."""

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
        """The number of keys whose last fed change is contradicted."""
        return len(self._found)

    def marked(self, changed: pa.Table, changes: Mapping[RecordKey, Change]) -> pa.Table:
        """Marks those of the standard records of changes that a later extract contradicts.

        changes: by the keys of what they replace. Raises GenerationDamaged.
        """
        self._found -= changes.keys()
        older = {key: change for key, change in changes.items() if change.event_ms < self._instant(key)}
        if not older:
            return changed
        pending = lists_pending(changed)
        stated = said_of_each(changed, {key: key for key in older})
        keys = [key if is_pending else None for key, is_pending in zip(stated, pending, strict=True)]
        closings = self._closings({key for key in keys if key is not None})
        self._found |= closings.keys()
        return mark(changed, [closings.get(key) if key is not None else None for key in keys], self._names)

    def _instant(self, key: RecordKey) -> int:
        return self._instants.get((key.register, key.source or 0), 0)

    def _closings(self, keys: set[RecordKey]) -> dict[RecordKey, Closing]:
        """Returns what the extract says of alerts under these keys that it does not list as PENDING."""
        entities: set[int] = set()
        for key in keys:
            entities.update(self._kept.subjects_of(key.register, key.record_id))
        rows = self._kept.rows_of(entities)
        rows = rows.filter(pa.array(are_alerts(rows)))
        states: dict[RecordKey, set[int]] = {key: set() for key in keys}
        for meant, state in zip(
            said_of_each(rows, {key: key for key in keys}), values(rows, "alert_state"), strict=True
        ):
            if meant is not None:
                states[meant].add(state)
        return {
            key: Closing(next((state for state in sorted(listed) if state in CLOSED), NOT_LISTED), self._instant(key))
            for key, listed in states.items()
            if ALERT_STATE_PENDING not in listed
        }
