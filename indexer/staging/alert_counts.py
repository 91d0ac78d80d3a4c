"""Counts the alerts of a register by kind, and the pending ones among them: they must not vanish in one night.

Nor may other records that hide an address, or stand in a certificate: protected sides, and the records of each
clearance standard, are counted as kinds of their own.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from indexer.standard import ALERT_PROTECTED, CLEARANCE_CRIMINAL, CLEARANCE_POLICE, CLEARANCE_RENAS
from ronda.v1 import alert_pb2, section_pb2

PROTECTED = "PROTECTED"  # a name beside those of kinds, as `--accept-shrink` takes it
_STANDARDS = {
    "STANDARD_POLICE": CLEARANCE_POLICE,
    "STANDARD_CRIMINAL": CLEARANCE_CRIMINAL,
    "STANDARD_RENAS": CLEARANCE_RENAS,
}
NO_ALERTS = (PROTECTED, *_STANDARDS)

_DAMAGED = int(alert_pb2.ALERT_KIND_DAMAGED_RECORD)
_PENDING = int(alert_pb2.ALERT_STATE_PENDING)
_STATES = 256
_DAMAGED_SECTIONS = (section_pb2.SECTION_DAMAGED_RECORD, section_pb2.SECTION_VEHICLE_DAMAGED_RECORD)


class AlertCounts:
    """Counts over tables of STANDARD_SCHEMA; refused alerts that became damaged records are not counted."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()
        self._others: Counter[tuple[str, bool]] = Counter()  # of NO_ALERTS: name, whether pending

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
        self._add_others(records)
        return records.num_rows - damaged

    def _add_others(self, records: pa.Table) -> None:
        names = ["section", "alert_flags", "alert_state", "clearance"]
        groups: Any = records.group_by(names).aggregate([([], "count_all")])
        for group in groups.to_pylist():
            if group["section"] in _DAMAGED_SECTIONS:
                continue
            if group["alert_flags"] & ALERT_PROTECTED:
                self._others[PROTECTED, group["alert_state"] == _PENDING] += group["count_all"]
            for name, bit in _STANDARDS.items():
                if group["clearance"] & bit:
                    self._others[name, False] += group["count_all"]

    def by_kind(self) -> dict[str, dict[str, int]]:
        """Returns counts by kind, "WARRANT", or by a name of NO_ALERTS: those listed in any state, and those
        pending."""
        found: dict[str, dict[str, int]] = {}
        for key, count in sorted(self._counts.items()):
            kind, state = divmod(key, _STATES)
            name = alert_pb2.AlertKind.Name(alert_pb2.AlertKind.ValueType(kind)).removeprefix("ALERT_KIND_")
            counts = found.setdefault(name, {"listed": 0, "pending": 0})
            counts["listed"] += count
            counts["pending"] += count if state == _PENDING else 0
        for (name, pending), count in sorted(self._others.items()):
            counts = found.setdefault(name, {"listed": 0, "pending": 0})
            counts["listed"] += count
            counts["pending"] += count if pending else 0
        return found
