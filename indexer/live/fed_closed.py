"""The mark of an alert that stands though feed or extract says otherwise: POSSIBLE, "cancelada según ...: confirme"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

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
NOT_LISTED = 0
"""The state of a closing where the extract does not have the alert at all."""
CLOSED: dict[int, str] = {
    ALERT_STATE_CANCELLED: "cancelada",
    ALERT_STATE_EXECUTED: "ejecutada",
    ALERT_STATE_SUSPENDED: "suspendida",
    ALERT_STATE_LAPSED: "caducada",
}
"""States of a closed alert, and the officer's word."""
_GUATEMALA = timedelta(hours=-6)


@dataclass(frozen=True)
class Closing:
    """A closing that feed or extract states of an alert that stands."""

    state: int  # ronda.v1.AlertState, of CLOSED; or NOT_LISTED
    event_ms: int  # UTC milliseconds: of the event, or of the extract


def lists_pending(rows: pa.Table) -> np.ndarray[Any, Any]:
    """Returns for each record whether it is an alert and PENDING."""
    flags = rows.column("alert_flags").to_numpy()
    is_alert = (rows.column("alert_kind").to_numpy() != 0) & (flags & ALERT_PROTECTED == 0)
    return np.asarray(is_alert & (rows.column("alert_state").to_numpy() == ALERT_STATE_PENDING))


def mark(rows: pa.Table, closings: Sequence[Closing | None], names: Sequence[str]) -> pa.Table:
    """Adds flag and note where there is a closing and no mark yet. names: of the registers, by ordinal."""
    flags = rows.column("alert_flags").to_numpy().copy()
    marked = [place for place, closing in enumerate(closings) if closing and not flags[place] & ALERT_FED_CLOSED]
    if not marked:
        return rows
    flags[marked] |= ALERT_FED_CLOSED
    payloads: list[bytes | None] = rows.column("hit_payload").to_pylist()
    registers: list[int] = rows.column("register").to_numpy().tolist()
    for place in marked:
        closing = closings[place]
        assert closing is not None
        payloads[place] = (payloads[place] or b"") + _note(names[registers[place]], closing)
    return _with_marks(rows, flags, payloads)


def unmarked(rows: pa.Table, are_reworded: Sequence[bool]) -> pa.Table:
    """Takes flag and note away from these records. are_reworded: of each record."""
    chosen = np.flatnonzero(are_reworded).tolist()
    if not chosen:
        return rows
    flags = rows.column("alert_flags").to_numpy().copy()
    payloads: list[bytes | None] = rows.column("hit_payload").to_pylist()
    for place in chosen:
        flags[place], payloads[place] = without_mark(int(flags[place]), payloads[place])
    return _with_marks(rows, flags, payloads)


def _with_marks(rows: pa.Table, flags: np.ndarray[Any, Any], payloads: list[bytes | None]) -> pa.Table:
    for name, column in (("alert_flags", flags), ("hit_payload", payloads)):
        at = rows.schema.get_field_index(name)
        rows = rows.set_column(at, rows.schema.field(at), pa.array(column, rows.schema.field(at).type))
    return rows


def without_mark(flags: int, hit_payload: bytes | None) -> tuple[int, bytes | None]:
    """`alert_flags` and `hit_payload` of an alert that is closed for certain by now."""
    if not flags & ALERT_FED_CLOSED or hit_payload is None:
        return flags, hit_payload
    hit = Hit.FromString(hit_payload)
    others = [note for note in hit.notes if note.code != NOTE]
    del hit.notes[:]
    hit.notes.extend(others)
    return flags & ~ALERT_FED_CLOSED, bytes(hit.SerializeToString())


def _note(register: str, closing: Closing) -> bytes:
    """Encodes the note in a ronda.v1.Hit: "cancelada según OJ 27/11 10:42: confirme"."""
    when = datetime.fromtimestamp(closing.event_ms / 1000, UTC) + _GUATEMALA
    hit = Hit()
    hit.notes.add(
        code=NOTE, text=f"{CLOSED.get(closing.state, 'no consta')} según {register} {when:%d/%m %H:%M}: confirme"
    )
    return bytes(hit.SerializeToString())
