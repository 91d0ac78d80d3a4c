"""Fed alerts in force that a later extract does not list as PENDING: nobody can know which of the two is right.

A fed change wins over an extract that does not state what it holds (docs/answers.md section 15). If the extract states
an instant after the event, and closes the alert or lacks it, the fed alert is POSSIBLE and shows it. A file's own time
is no such instant: it is when the file was written. Nor is an instant beside the feed's own number.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from core.ledger.change import Change
from indexer.live.fed_closed import CLOSED, NOT_LISTED, Closing, lists_pending, mark
from indexer.live.fed_rows import are_alerts
from indexer.live.record_key import RecordKey, said_of_each
from indexer.manifest.model import Manifest
from ronda.v1.alert_pb2 import ALERT_STATE_PENDING

Listed = Callable[[set[RecordKey]], dict[RecordKey, int]]
"""Returns the state that the extract lists under each of some keys (`listed_states`)."""


def listed_states(rows: pa.Table, keys: Collection[RecordKey]) -> dict[RecordKey, int]:
    """Returns the state of the alerts under each key, among the records of an extract.

    A ronda.v1.AlertState: PENDING where one of them is, else one of CLOSED; NOT_LISTED where there is none.
    """
    rows = rows.filter(pa.array(are_alerts(rows)))
    states: dict[RecordKey, set[int]] = {key: set() for key in keys}
    found: list[int] = rows.column("alert_state").to_numpy().tolist()
    for meant, state in zip(said_of_each(rows, {key: key for key in keys}), found, strict=True):
        if meant is not None:
            states[meant].add(state)
    return {key: _state_of(listed) for key, listed in states.items()}


def _state_of(listed: set[int]) -> int:
    if ALERT_STATE_PENDING in listed:
        return int(ALERT_STATE_PENDING)
    return next((state for state in sorted(listed) if state in CLOSED), NOT_LISTED)


class Contradicted:
    """Finds them over the extracts of one base. Not thread-safe."""

    def __init__(
        self,
        registers: Sequence[Mapping[str, Any]],
        built_ms: int,
        manifests: Sequence[Manifest],
        listed: Listed,
        found: Iterable[RecordKey] = (),
    ) -> None:
        """registers: as the base's MANIFEST.json states them. built_ms: when it was built, UTC ms.

        found: keys with a contradicted last change, of those that the build took in.
        """
        self._listed = listed
        self._names = [manifest.register_.name for manifest in manifests]
        self._instants: dict[tuple[int, int], int] = {}  # by register and source, UTC milliseconds
        # By register and source: the feeds with numbers that the extract states. It says itself what it holds of them.
        self._numbered: dict[tuple[int, int], frozenset[str]] = {}
        for ordinal, (manifest, stated) in enumerate(zip(manifests, registers, strict=True)):
            for source in manifest.source if stated["state"] == "loaded" else ():
                if source.as_of.origin == "mtime":
                    continue
                # Whatever it states: no extract holds what happened after it was read.
                held = stated.get("holds", {}).get(source.name, {})
                self._numbered[ordinal, source.number] = frozenset(held.get("feeds", ()))
                read_ms = held.get("read_ms") or built_ms
                self._instants[ordinal, source.number] = min(int(stated["as_of_ms"]), int(read_ms))
        self.found = set(found)

    def marked(self, changed: pa.Table, changes: Mapping[RecordKey, Change]) -> pa.Table:
        """Marks those of the standard records of changes that a later extract contradicts.

        changes: by the keys of what they replace. Raises GenerationDamaged.
        """
        self.found -= changes.keys()
        older = {
            key: change
            for key, change in changes.items()
            if change.event_ms < self._instant(key)
            and change.source not in self._numbered.get((key.register, key.source or 0), ())
        }
        if not older:
            return changed
        pending = lists_pending(changed)
        stated = said_of_each(changed, {key: key for key in older})
        keys = [key if is_pending else None for key, is_pending in zip(stated, pending, strict=True)]
        closings = self._closings({key for key in keys if key is not None})
        self.found |= closings.keys()
        return mark(changed, [closings.get(key) if key is not None else None for key in keys], self._names)

    def _instant(self, key: RecordKey) -> int:
        return self._instants.get((key.register, key.source or 0), 0)

    def _closings(self, keys: set[RecordKey]) -> dict[RecordKey, Closing]:
        """Returns what the extract says of alerts under these keys that it does not list as PENDING."""
        return {
            key: Closing(state, self._instant(key))
            for key, state in self._listed(keys).items()
            if state != ALERT_STATE_PENDING
        }
