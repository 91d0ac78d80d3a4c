"""How many alerts a register lists, by kind, and how many of them are pending: what may not vanish in one night."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ronda.v1 import alert_pb2

_DAMAGED = int(alert_pb2.ALERT_KIND_DAMAGED_RECORD)
_PENDING = int(alert_pb2.ALERT_STATE_PENDING)
_STATES = 256


class AlertCounts:
    """Counts over tables of STANDARD_SCHEMA; refused alerts that became damaged records are not counted."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()

    def add(self, records: pa.Table) -> int:
        """Counts a table's alerts; returns how many of its records, alerts or not, are whole."""
        kinds: Any = pc.cast(records.column("alert_kind"), pa.int32())
        keys: Any = pc.add(pc.multiply(kinds, _STATES), pc.cast(records.column("alert_state"), pa.int32()))
        damaged = 0
        for entry in pc.value_counts(keys).to_pylist():
            kind, count = entry["values"] // _STATES, entry["counts"]
            if kind == _DAMAGED:
                damaged += count
            elif kind:
                self._counts[entry["values"]] += count
        return records.num_rows - damaged

    def by_kind(self) -> dict[str, dict[str, int]]:
        """By kind, "WARRANT": those listed in any state, and those pending."""
        found: dict[str, dict[str, int]] = {}
        for key, count in sorted(self._counts.items()):
            kind, state = divmod(key, _STATES)
            name = alert_pb2.AlertKind.Name(alert_pb2.AlertKind.ValueType(kind)).removeprefix("ALERT_KIND_")
            counts = found.setdefault(name, {"listed": 0, "pending": 0})
            counts["listed"] += count
            counts["pending"] += count if state == _PENDING else 0
        return found
