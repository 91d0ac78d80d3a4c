"""Requests to an issuer that go again, and the meaning of its silence."""

from __future__ import annotations

import pytest

from clients.client.failures import CallFailure
from clients.client.repeating import may_be_done, pause_before_repeating

NOBODY = "failed to connect to all addresses; last error: connection refused"


@pytest.mark.parametrize(
    ("failure", "repeats", "done"),
    [
        (CallFailure("UNAVAILABLE", "Socket closed", ""), True, True),
        (CallFailure("UNAVAILABLE", NOBODY, ""), True, False),
        (CallFailure("DEADLINE_EXCEEDED", "Deadline Exceeded", ""), True, True),
        (CallFailure("RESOURCE_EXHAUSTED", "", "OVERLOADED"), True, False),
        (CallFailure("UNAVAILABLE", "", "DRAINING"), True, False),
        (CallFailure("DEADLINE_EXCEEDED", "", "DEADLINE_EXCEEDED"), True, False),  # the issuer's word: not hashed
        (CallFailure("INTERNAL", "", "INTERNAL"), False, True),
        (CallFailure("UNAUTHENTICATED", "", "SIGN_IN_REFUSED"), False, False),
        (CallFailure("RESOURCE_EXHAUSTED", "", "LIMIT_EXCEEDED", retry_after_seconds=300.0), False, False),
        (CallFailure("INVALID_ARGUMENT", "", "FIELD_INVALID"), False, False),
    ],
)
def test_what_goes_again_and_what_may_have_been_done(failure: CallFailure, repeats: bool, done: bool) -> None:
    assert (pause_before_repeating(failure, 1) is not None) is repeats
    assert may_be_done(failure) is done


def test_the_issuers_word_on_when_to_come_back_is_obeyed() -> None:
    told = CallFailure("RESOURCE_EXHAUSTED", "", "OVERLOADED", retry_after_seconds=7.0)
    pauses = [pause_before_repeating(told, attempt) for attempt in (1, 3, 9)]
    assert all(pause is not None and 7.0 < pause <= 8.0 for pause in pauses)
