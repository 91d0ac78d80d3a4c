"""A look before a discreet alert was issued, as the alert's owner reads it among the later ones."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

from core.engine.discreet import DiscreetLook
from server.audit.methods import METHODS
from server.notifications import line_of
from server.recall.alerts import StandingAlert
from server.recall.looks import Found


def line_before(subject: bytes, alert: StandingAlert, found: Found, now_ms: int) -> dict[str, Any]:
    """Returns the owner's line on a look before the alert was issued. `at`: time of the notice; `looked_at`: of the
    look."""
    look = found.look
    noted = DiscreetLook(
        look.time_ms,
        subject,
        look.answer_id,
        look.method,
        look.purpose,
        found.how,
        0,
        alert.records[0][0],
        look.generation,
        look.case_number,
        look.identity,
    )
    line = line_of(noted, sorted(record for _, record in alert.records))
    method = METHODS.get(look.method)
    if method is not None and not method.called:  # `line_of` has the names of calls
        line["method"] = method.rpc_name
    told_at = datetime.fromtimestamp(now_ms / 1000, UTC).isoformat(timespec="milliseconds")
    return {**line, "at": told_at, "looked_at": line["at"], "notice": secrets.token_hex(8)}
