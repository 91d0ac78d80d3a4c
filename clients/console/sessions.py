"""The signed-in officers: sessions in this process alone, found by a cookie with nothing but a random number."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from clients.console.desk.asked import Why
from clients.console.desk.kept import Kept

if TYPE_CHECKING:
    from clients.console.officer import Officer
    from clients.console.watching import Watching

MOST = 500
MOST_OF_ONE = 20
"""Limit for one officer: repeated sign-ins end their own sessions, and no others."""
_RANDOM_BYTES = 32


@dataclass
class Session:
    """One officer at one browser. csrf goes with each form; `wall` screens have nobody who types.

    why: the purpose and case that the desk was asked under last; a new session has none. kept: for prints.
    """

    officer: Officer
    name: str
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(_RANDOM_BYTES))
    began: float = 0.0
    seen: float = 0.0
    wall: bool = False
    ended: bool = False
    watching: Watching | None = None
    why: Why = field(default_factory=Why)
    kept: Kept = field(default_factory=Kept)

    def forged(self, token: str) -> bool:
        """Returns whether a form was not one of ours."""
        return not hmac.compare_digest(self.csrf.encode(), token.encode())


class Sessions:
    """idle_s: since the last request that somebody made; shift_s: in all."""

    def __init__(
        self, idle_s: float, shift_s: float, clock: Callable[[], float] = time.monotonic, most_of_one: int = MOST_OF_ONE
    ) -> None:
        self._idle_s, self._shift_s, self._clock, self._most_of_one = idle_s, shift_s, clock, most_of_one
        self._held: dict[bytes, Session] = {}

    def begin(self, session: Session) -> str:
        """Keeps it; returns what its cookie holds. Of too many the one that was seen longest ago ends."""
        self.sweep()
        own = [key for key, held in self._held.items() if held.name == session.name]
        if len(own) >= self._most_of_one:
            self._drop(min(own, key=lambda key: self._held[key].seen))
        if len(self._held) >= MOST:
            self._drop(min(self._held, key=lambda key: self._held[key].seen))
        value = secrets.token_urlsafe(_RANDOM_BYTES)
        session.began = session.seen = self._clock()
        self._held[_key(value)] = session
        return value

    def find(self, cookie: str, *, touch: bool) -> Session | None:
        """The session of a cookie, unless it is over. touch: somebody asked, and not a page by itself."""
        found = self._held.get(_key(cookie)) if cookie else None
        if found is None:
            return None
        if self.over(found):
            self._drop(_key(cookie))
            return None
        if touch:
            found.seen = self._clock()
        return found

    def over(self, session: Session) -> bool:
        """Returns whether its time is past, or it was ended."""
        now = self._clock()
        idle = not session.wall and now - session.seen > self._idle_s
        return session.ended or idle or now - session.began > self._shift_s

    def end(self, cookie: str) -> None:
        """Signs off."""
        self._drop(_key(cookie))

    def living(self) -> int:
        """Returns the number of live sessions. Thread-safe."""
        return sum(not self.over(session) for session in list(self._held.values()))

    def sweep(self) -> None:
        """Lets go of those that are over."""
        for key in [key for key, session in self._held.items() if self.over(session)]:
            self._drop(key)

    def end_all(self) -> None:
        """The console stops."""
        for key in list(self._held):
            self._drop(key)

    def _drop(self, key: bytes) -> None:
        session = self._held.pop(key, None)
        if session is not None:
            session.ended = True
            session.kept.clear()
            session.officer.sign_off()


def _key(cookie: str) -> bytes:
    """Returns the key of a cookie: a core dump shows only the key."""
    return hashlib.sha256(cookie.encode()).digest()
