"""A desk's question without an answer: its words, and the status of its page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clients.console.telling import told
from clients.officer_view.failures import failure_text

if TYPE_CHECKING:
    from clients.client.failures import CallFailure

_BY_QUESTION = ("INVALID_ARGUMENT", "FAILED_PRECONDITION")  # the asker's to mend


def said_of(failure: CallFailure) -> str:
    """Returns why there is no answer, in Spanish; of a bad question the field and the rule."""
    return failure_text(failure, "", None) if _is_the_askers(failure) else told(failure)


def status_of(failure: CallFailure) -> int:
    """Returns the status of the page that says so."""
    if _is_the_askers(failure):
        return 422
    if failure.status in ("PERMISSION_DENIED", "UNAUTHENTICATED"):
        return 403
    if failure.status == "NOT_FOUND":
        return 404
    return 429 if failure.status == "RESOURCE_EXHAUSTED" else 503


def _is_the_askers(failure: CallFailure) -> bool:
    return failure.status in _BY_QUESTION or failure.reason == "QUERY_TOO_BROAD"
