"""The reasons for no answer, for an officer at a console."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clients.spanish.failures import REASONS, SIGN_IN_FIELDS, said_of_sign_in

if TYPE_CHECKING:
    from clients.client.failures import CallFailure


def told(failure: CallFailure) -> str:
    """Returns why there is no answer, in Spanish."""
    said = [said_of_sign_in(v.field, v.rule) for v in failure.violations if v.field in SIGN_IN_FIELDS]
    if said:
        return "; ".join(said)
    if failure.reason in REASONS:
        seconds = failure.retry_after_seconds
        return REASONS[failure.reason].replace("{seconds}", f" en {seconds:.0f} s" if seconds else " en un momento")
    return f"El servidor no respondió ({failure.status}): reintente, o avise a operaciones."
