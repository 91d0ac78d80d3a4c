"""Sessions after a PIN or password: in memory, timed by a clock that nobody sets; over an ordered restart of the issuer
kept_sessions.py keeps them.

A handle is 256 random bits, of which only the hash is kept. It is worth nothing to another certificate, for another
number, or after whatever ended the officer's sessions (a changed PIN or number, a revocation).
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass

_MOST = 65_536  # of all officers; beyond, the oldest ends
_MOST_RENEWALS = 600  # of one session: each has a record, and a gateway that runs wild fills no disk


def boot_clock() -> float:
    """Seconds since the machine started, sleep included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass
class Session:
    """subject: the number or NIP that it is renewed with, keyed; signed_in: Unix seconds, as tokens say `auth_time`."""

    officer: int
    epoch: int
    subject: bytes
    thumbprint: str
    ends: float  # of boot_clock
    signed_in: int
    secret_expires_ms: int
    renewals: int = 0

    def may_renew(self) -> bool:
        """Counts one more renewal; False when there were too many."""
        self.renewals += 1
        return self.renewals <= _MOST_RENEWALS

    @property
    def seconds_left(self) -> float:
        """Negative when it is over."""
        return self.ends - boot_clock()


class Sessions:
    """The live sessions: one of a subject at a certificate. For one thread."""

    def __init__(self) -> None:
        self._by_handle: dict[bytes, Session] = {}
        self._of_subject: dict[tuple[bytes, str], bytes] = {}

    def __len__(self) -> int:
        return len(self._by_handle)

    def open(self, session: Session) -> str:
        """Opens a session, returns its handle; ends the subject's earlier session at this certificate."""
        handle = secrets.token_urlsafe(32)
        self._end(self._of_subject.get((session.subject, session.thumbprint)))
        while self._by_handle and (len(self._by_handle) >= _MOST or self._oldest_is_over()):
            self._end(next(iter(self._by_handle)))
        key = _key(handle)
        self._by_handle[key] = session
        self._of_subject[session.subject, session.thumbprint] = key
        return handle

    def find(self, handle: str, subjects: list[bytes], thumbprint: str) -> Session | None:
        """The session of this handle, subject (under any key) and certificate.

        Shown by another certificate it was stolen, and is over.
        """
        key = _key(handle)
        session = self._by_handle.get(key)
        if session is None:
            return None
        if session.thumbprint != thumbprint or session.seconds_left <= 0:
            self._end(key)
            return None
        return session if session.subject in subjects else None

    def end(self, handle: str) -> bool:
        """Ends the session for any caller: under another certificate it was stolen. Returns whether there was one."""
        return self._end(_key(handle))

    def living(self) -> list[tuple[bytes, Session]]:
        """All, oldest first, each with the hash of its handle."""
        return [(key, session) for key, session in self._by_handle.items() if session.seconds_left > 0]

    def go_on_with(self, kept: Iterable[tuple[bytes, Session]]) -> None:
        """Takes up what `living` gave, before any other is open."""
        self._by_handle = dict(kept)
        self._of_subject = {(each.subject, each.thumbprint): key for key, each in self._by_handle.items()}

    def end_of(self, officer: int) -> None:
        """Ends all of an officer."""
        for key in [key for key, session in self._by_handle.items() if session.officer == officer]:
            self._end(key)

    def _oldest_is_over(self) -> bool:
        return next(iter(self._by_handle.values())).seconds_left <= 0

    def _end(self, key: bytes | None) -> bool:
        session = self._by_handle.pop(key, None) if key is not None else None
        if session is not None and self._of_subject.get((session.subject, session.thumbprint)) == key:
            del self._of_subject[session.subject, session.thumbprint]
        return session is not None


def _key(handle: str) -> bytes:
    return hashlib.sha256(handle.encode()).digest()
