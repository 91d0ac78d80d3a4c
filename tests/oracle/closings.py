"""Remains of the authority that was withdrawn (docs/answers.md section 6, "The authority withdrawn")."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from ronda.v1 import alert_pb2, section_pb2

if TYPE_CHECKING:
    from tests.oracle.record import AlertRow, Record
    from tests.oracle.registers import Register

PENDING = alert_pb2.ALERT_STATE_PENDING
NEVER = -(2**31)


def closings(records: list[Record], register: Register) -> list[Record]:
    """The closed records of the kinds that it decides, the rows that hold; not where it has the warrant pending too."""
    rows: dict[tuple[object, ...], list[Record]] = defaultdict(list)
    for record in records:
        if record.alert is not None and record.alert.kind in register.authoritative_for:
            discreet = record.sensitivity == section_pb2.SENSITIVITY_DISCREET
            rows[record.alert.kind, discreet, record.record_id].append(record)
    pending: list[Record] = []
    closed: list[Record] = []
    for mine in rows.values():
        held = [record for record in mine if not any(_is_later(other, record) for other in mine)]
        (pending if any(_row(record).state == PENDING for record in held) else closed).extend(held)
    return [c for c in closed if not any(_one_warrant(c, p) for p in pending)]


def _row(record: Record) -> AlertRow:
    assert record.alert is not None
    return record.alert


def _is_later(record: Record, other: Record) -> bool:
    """Returns whether the row is the later one for certain."""
    if record.version != other.version:
        return record.version > other.version
    return _days(record)[0] > _days(other)[1]


def _days(record: Record) -> tuple[int, int]:
    """Days that the state may be of, or the issue where none is stated."""
    return _row(record).state_days or _row(record).issued_days or (NEVER, NEVER)


def _one_warrant(a: Record, b: Record) -> bool:
    same = _row(a).kind == _row(b).kind and _row(a).merge_key is not None and _row(a).merge_key == _row(b).merge_key
    return same and ((a.cui != "" and a.cui == b.cui) or (a.name_key != "" and a.name_key == b.name_key))
