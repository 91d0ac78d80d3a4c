"""Waits out temporary failures: pauses between tries grow, and so do pauses between notices of one cause."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable
from typing import Protocol

from clients.client.failures import CallFailure
from clients.feed.issued import SourceFailed
from clients.spanish.system_errors import system_error_text

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0
_FIRST_QUIET_S, _LONGEST_QUIET_S = 30.0, 3600.0

Say = Callable[[str], None]
"""Tells a person, in Spanish, a line that holds no value of a row."""


class Beats(Protocol):
    """Signs of life of a source (clients/feed/sending.py)."""

    def beat(self) -> None:
        """Sends them when it is time. Raises CallFailure, SourceFailed."""


class Notices:
    """Tells a cause at once, and again at growing intervals while it lasts."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self.cause = ""  # the last one reported; "" = it has passed
        self._quiet_s, self._quiet_until = _FIRST_QUIET_S, 0.0

    def tell(self, cause: str, text: Callable[[], str] | None = None) -> None:
        """Tells it, where it is time. text: what is said of it, if other than the cause."""
        now = time.monotonic()
        if cause != self.cause:
            self.cause, self._quiet_s = cause, _FIRST_QUIET_S
        elif now < self._quiet_until:
            return
        else:
            self._quiet_s = min(2 * self._quiet_s, _LONGEST_QUIET_S)
        self._quiet_until = now + self._quiet_s
        self._say(text() if text else cause)

    def forget(self) -> None:
        """The cause has passed."""
        self.cause = ""


class Retry:
    """Waits after each failure. One for all tries of a program."""

    def __init__(self, say: Say) -> None:
        self._say, self._notices = say, Notices(say)
        self._pause_s = _FIRST_PAUSE_S

    def wait(self, cause: str, text: Callable[[], str] | None = None) -> None:
        """Tells the cause, and sleeps. text: the cause, if longer."""
        self._notices.tell(
            cause,
            lambda: (
                f"{(text() if text else cause).rstrip('.')}; se sigue intentando, "
                f"a lo más cada {_LONGEST_PAUSE_S:.0f} s"
            ),
        )
        time.sleep(self._pause_s)
        self._pause_s = min(2 * self._pause_s, _LONGEST_PAUSE_S)

    def succeed(self) -> None:
        """Begins anew with short pauses, and tells that the last cause has passed."""
        if self._notices.cause:
            self._say("pasó: se envía de nuevo")
        self._notices.forget()
        self._pause_s = _FIRST_PAUSE_S


def may_pass(failure: CallFailure) -> bool:
    """Returns whether the server's side may take a refusal back: all but a request that can't be right as it is.

    A token is renewed, a clock is set, settings and policy are put right, the right ledger is put back.
    """
    return failure.status != "INVALID_ARGUMENT"


def keep_on(step: Callable[[], bool], beats: Beats | None, poll_s: float, retry: Retry) -> None:
    """Steps for ever; reports and retries a source that is away, a full disk, or a disk that fails after a good step.

    step: returns whether it found something. beats: None = none. Raises CallFailure, SourceFailed that does not pass,
    OSError of the first step.
    """
    went_well = False
    while True:
        try:
            found = step()
            if not found and beats is not None:
                beats.beat()
        except SourceFailed as failed:
            if not failed.passes:
                raise
            retry.wait(failed.rule)
            continue
        except OSError as error:
            if not went_well and error.errno != errno.ENOSPC:
                raise
            retry.wait(f"no se puede usar {error.filename or 'el disco'} ({system_error_text(error)})")
            continue
        went_well = True
        retry.succeed()
        if not found:
            time.sleep(poll_s)
