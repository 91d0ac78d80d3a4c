"""A call that got no answer, as an officer reads it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from clients.client.diagnosis import Trouble, diagnose
from clients.client.failures import HalfAnAnswer
from clients.officer_view.candidates import too_broad_line
from clients.spanish import failures as spoken
from clients.spanish import feed_rules
from clients.spanish import words as spanish

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from clients.client.connection import CallFailure, Identity


def trouble_of(failure: CallFailure, target: str, identity: Identity | None) -> Trouble | None:
    """Returns the obstacle in between, if gRPC does not give it: tests the connection once more. None: the server
    answered."""
    if failure.reason or failure.status not in ("UNAVAILABLE", "UNIMPLEMENTED"):
        return None
    if failure.status == "UNIMPLEMENTED":  # Ronda itself gives a reason
        return Trouble.ANOTHER_PROGRAM
    return diagnose(target, identity)


def failure_text(
    failure: CallFailure,
    target: str,
    trouble: Trouble | None,
    hints: Sequence[str] = (),
    *,
    reasons: Mapping[str, str] = spoken.REASONS,
    troubles: Mapping[Trouble, str] = spoken.TROUBLES,
) -> str:
    """Returns the failure and its remedy.

    hints: identifiers that may have been meant. reasons, troubles: the words, for a program without command-line
    options.
    """
    if failure.reason == "QUERY_TOO_BROAD":
        return too_broad_line(failure)
    if failure.reason in reasons:
        seconds = failure.retry_after_seconds
        when = _told_wait(seconds) if seconds is not None else " más tarde"
        return reasons[failure.reason].replace("{seconds}", when)
    if failure.status == "INVALID_ARGUMENT":
        return _invalid_text(failure, hints)
    if failure.status == "DEADLINE_EXCEEDED":
        return reasons["DEADLINE_EXCEEDED"]
    if failure.status == "RESOURCE_EXHAUSTED":
        return f"Servidor ocupado: {spoken.RETRY}."
    if trouble is not None:
        return troubles[trouble].format(target=target)
    if isinstance(failure, HalfAnAnswer):
        return spoken.HALF_AN_ANSWER
    return f"La consulta no obtuvo respuesta ({failure.status} {failure.reason}): avise a operaciones."


def _invalid_text(failure: CallFailure, hints: Sequence[str] = ()) -> str:
    rules = [(v.field, spanish.RULES.get(v.rule) or feed_rules.rule_text(v.rule)) for v in failure.violations]
    broken = "; ".join(f"{spanish.FIELDS.get(field, field)}: {rule}" for field, rule in rules) or failure.message
    hint = f" ¿Quiso decir {', '.join(hints)}? (sin buscar: no se sabe si constan)" if hints else ""
    return f"Consulta no válida: {broken}.{hint}"


def _told_wait(seconds: float) -> str:
    if seconds < 120:
        return f" en {seconds:.1f} s"
    return f" en {math.ceil(seconds / 60)} min" if seconds < 7200 else f" en {math.ceil(seconds / 3600)} h"
