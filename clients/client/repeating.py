"""A request to an issuer, sent again until its outcome is known: the same bytes under the same request id count once.

An issuer that answers "wrong" or "not allowed" has spoken. One that sheds load says when to come back. No answer at all
says nothing: the request may have been carried out, and only the issuer can tell.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clients.client.failures import CallFailure

_COME_BACK = ("OVERLOADED", "DRAINING", "AUDIT_UNAVAILABLE", "DEADLINE_EXCEEDED")  # the issuer's own words: not now
_SILENCE = ("UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED")
_NEVER_SENT = ("failed to connect", "DNS resolution failed")  # of gRPC's texts of UNAVAILABLE
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 2.0


def may_be_done(failure: CallFailure) -> bool:
    """Returns whether the request may have been carried out: it was sent, and no answer came."""
    if failure.reason:
        return failure.reason == "INTERNAL"
    sent = not (failure.status == "UNAVAILABLE" and any(each in failure.message for each in _NEVER_SENT))
    return failure.status in _SILENCE and sent


def pause_before_repeating(failure: CallFailure, attempt: int) -> float | None:
    """Returns the seconds until the same request goes again; None = the issuer has answered. attempt: the first is 1.

    RetryInfo is obeyed. A part of each pause is random: callers with the same RetryInfo do not all come back at once.
    """
    if failure.reason not in _COME_BACK and (failure.reason or failure.status not in _SILENCE):
        return None
    pause = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** (attempt - 1)) * random.uniform(0.5, 1.0)  # noqa: S311
    return pause if failure.retry_after_seconds is None else failure.retry_after_seconds + pause / 2
