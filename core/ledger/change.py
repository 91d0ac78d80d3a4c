"""One entry of the ledger, and its bytes: a JSON object with sorted keys, so that equal changes have equal bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any

import orjson

PAYLOAD_BYTES = 1 << 20  # of one entry; a row of a register has some hundred


class Kind(IntEnum):
    """The kinds of entries. The numbers are on disk."""

    UPSERT = 1  # a record as it stands now: it replaces what was there under its id
    CANCEL = 2  # a record that holds no more, from `event_ms` on: its alert is CANCELLED, what is no alert is gone
    HEARTBEAT = 3  # the source lives, and has sent nothing after `source_sequence`
    STALE = 4  # from here on the register may lack changes of this source: `reason`, `missing`
    FRESH = 5  # it lacks none any more
    HOLD = 6  # not in force: a sequence before it is missing, or a later change of the record overtook it


RECORD_KINDS = (Kind.UPSERT, Kind.CANCEL)
"""Kinds of a source's own changes, each with a sequence."""
GAP, SILENT, RESTORED = "GAP", "SILENT", "RESTORED"
"""Reasons of STALE: sequences are missing; no change and no heartbeat came in time; the ledger was restored from a
copy, and its source has not yet stated its last number."""
SKIPPED = "SKIPPED"
"""Reason of a HOLD of nothing: two officers gave its number up; never released."""


@dataclass(frozen=True, slots=True)
class Change:
    """An entry. Who makes views applies UPSERT and CANCEL in the order of `sequence`, whatever their source says.

    A HOLD that is released later stands in the ledger again, whole, as what it is (`held`): never apply a HOLD.
    """

    kind: Kind
    register: str
    source: str  # of the feed: who numbers the changes
    sequence: int = 0  # of the ledger: 1, 2, 3...; 0 = not written yet
    record_id: str = ""  # the register's own
    source_sequence: int = 0  # of (source, register): from 1 without gaps; 0 of STALE and FRESH
    event_ms: int = 0  # UTC milliseconds: when it happened, as the source says; 0 of STALE and FRESH
    taken_ms: int = 0  # the same: when it was taken over, by this server's clock
    manifest_source: str = ""  # the manifest's [[source]] with the columns of `record`; "" = the register's only one
    record: Mapping[str, str] = field(default_factory=dict)  # cells by column, as an extract has them; null = left out
    held: Kind | None = None  # of HOLD: UPSERT or CANCEL
    missing: tuple[tuple[int, int], ...] = ()  # of STALE: first and last of each run of sequences that never came
    reason: str = ""  # of STALE: GAP, SILENT, RESTORED, with a space between several; of HOLD: SKIPPED or ""
    unsettled: bool = False  # its source held something in no ledger when it sent this: no sign that it is up to date

    @property
    def content(self) -> tuple[Any, ...]:
        """Returns the content as sent by the source: equal for a change sent again, however it was taken over."""
        kind = self.held or self.kind
        return kind, self.record_id, self.event_ms, self.manifest_source, dict(self.record)

    def is_again(self, other: Change) -> bool:
        """Returns whether the source sent the same as the other: senders used to leave the null cells of a row out."""
        mine, theirs = self.content, other.content
        return mine[:-1] == theirs[:-1] and (
            mine[-1] == theirs[-1] or (mine[0] is Kind.UPSERT and _stated(mine[-1]) == _stated(theirs[-1]))
        )

    def released(self) -> Change:
        """A HOLD as the change that it holds, not written yet."""
        assert self.held is not None
        return replace(self, kind=self.held, held=None, sequence=0, taken_ms=0)


def _stated(cells: Mapping[str, str]) -> dict[str, str]:
    return {column: cell for column, cell in cells.items() if cell}


def fields_of(change: Change) -> dict[str, Any]:
    """Returns the fields for JSON: all but `sequence` and `taken_ms`; empty fields are left out."""
    fields: dict[str, Any] = {"kind": int(change.kind), "register": change.register, "source": change.source}
    for name in ("record_id", "source_sequence", "event_ms", "manifest_source", "missing", "reason"):
        if value := getattr(change, name):
            fields[name] = value
    if change.record:
        fields["record"] = dict(change.record)
    if change.held is not None:
        fields["held"] = int(change.held)
    if change.unsettled:
        fields["unsettled"] = True
    return fields


def payload_of(change: Change) -> bytes:
    """Its bytes without `sequence` and `taken_ms`, which the frame has. Raises ValueError when they are too many."""
    payload = orjson.dumps(fields_of(change), option=orjson.OPT_SORT_KEYS)
    if len(payload) > PAYLOAD_BYTES:
        raise ValueError(f"an entry of the ledger has at most {PAYLOAD_BYTES} bytes")
    return payload


def change_of(payload: bytes, sequence: int, taken_ms: int) -> Change:
    """The entry of these bytes. Raises ValueError, KeyError, TypeError when they are none."""
    return change_with(orjson.loads(payload), sequence, taken_ms)


def change_with(fields: Mapping[str, Any], sequence: int = 0, taken_ms: int = 0) -> Change:
    """The entry of what `fields_of` gave. Raises ValueError, KeyError, TypeError."""
    held = fields.get("held")
    return Change(
        kind=Kind(fields["kind"]),
        register=fields["register"],
        source=fields["source"],
        sequence=sequence,
        record_id=fields.get("record_id", ""),
        source_sequence=fields.get("source_sequence", 0),
        event_ms=fields.get("event_ms", 0),
        taken_ms=taken_ms,
        manifest_source=fields.get("manifest_source", ""),
        record=fields.get("record", {}),
        held=Kind(held) if held is not None else None,
        missing=tuple((first, last) for first, last in fields.get("missing", ())),
        reason=fields.get("reason", ""),
        unsettled=fields.get("unsettled", False) is True,
    )
