"""Identifies the senders: number and PIN for a token, by the institution's issuer, and sessions of ten minutes at most.

Tokens and the parts of the last answer, for MAS, are in memory alone. The journal has the data to renew a session,
sealed, so that a restart asks no officer for a PIN.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from clients.client.failures import CallFailure, OutcomeUnknown
from clients.sms.journal import KeptSession
from ronda.v1 import token_service_pb2 as tokens

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from clients.sms.counts import Counts
    from clients.sms.journal import Journal

LONGEST_S = 600
"""A session's longest life, whatever the issuer says."""
_RENEW_BEFORE_S = 20
_MOST = 20_000
# An issuer sheds a caller who has more hashes waiting, or more calls open. Numbers that never gave a right PIN have
# turns of their own, and no long queue: whoever sends PINs from a thousand numbers delays no officer.
_PINS_AT_ONCE = 16
_STRANGERS_PINS_AT_ONCE = 8
_STRANGERS_WAITING = 1_000  # as many as have their turn before their messages are given up, at 11 hashes a second
_RENEWALS_AT_ONCE = 64


class Authenticator(Protocol):
    """The service that knows numbers and PINs: clients.sms.asking.Issuer, or another of an institution's own."""

    async def exchange(self, request: tokens.ExchangeRequest, seconds: float, /) -> tokens.ExchangeResponse:
        """A token for the PIN or session, within so many seconds. Raises CallFailure."""

    async def change_pin(self, request: tokens.ChangePinRequest, seconds: float, /) -> None:
        """A new PIN for the present one. Raises CallFailure; OutcomeUnknown where it may be changed."""

    async def end(self, session: str) -> None:
        """Ends a session. Raises CallFailure."""

    async def close(self) -> None:
        """Closes what is open."""


@dataclass(frozen=True, repr=False)
class GivenRecall:
    """The issuer's handle for later notices to the officer. until: Unix time."""

    nip: str
    handle: str
    until: float


@dataclass(repr=False)
class Session:
    """One sender's: the officer's token of the moment, and what is left of the last answer. Times are monotonic."""

    token: str
    token_until: float
    secret: str
    until: float
    pin_hash: bytes
    reference: int = 0
    parts: list[str] = field(default_factory=list)
    recall: GivenRecall | None = None  # of the exchange that opened it, until somebody took it


@dataclass(frozen=True)
class Tried:
    """A message's try of a PIN. request_id: the same after a kill, so that it counts once; until: monotonic."""

    request_id: str
    until: float

    @property
    def seconds_left(self) -> float:
        """Negative when none are."""
        return self.until - time.monotonic()


class NoSession(Exception):
    """The sender gave no PIN, and has no session that lives."""


class Sessions:
    """The sessions that live."""

    def __init__(self, authenticator: Authenticator, journal: Journal, counts: Counts) -> None:
        self._authenticator = authenticator
        self._journal = journal
        self._counts = counts
        self._live: dict[str, Session] = {}
        self._earlier = journal.sessions()
        self._locks: dict[str, asyncio.Lock] = {}
        self._pins, self._strangers = asyncio.Semaphore(_PINS_AT_ONCE), asyncio.Semaphore(_STRANGERS_PINS_AT_ONCE)
        self._renewals = asyncio.Semaphore(_RENEWALS_AT_ONCE)
        self._strangers_here = 0

    def __len__(self) -> int:
        return len(self._live)

    def living(self, sender: str) -> Session | None:
        """The sender's session; None = none that lives."""
        found = self._live.get(sender)
        if found is None and self._earlier:
            found = self._taken_up(sender)
        if found is not None and found.until <= time.monotonic():
            del self._live[sender]
            return None
        return found

    def _taken_up(self, sender: str) -> Session | None:
        """Takes up a session of an earlier process; without a token, so that the issuer is asked before it is used."""
        kept = self._earlier.pop(self._journal.hash_of("sender", sender), None)
        if kept is None:
            return None
        until = time.monotonic() + min(kept.until - time.time(), LONGEST_S)
        found = self._live[sender] = Session("", 0.0, kept.secret, until, bytes.fromhex(kept.pin))
        return found

    async def of(self, sender: str, pin: str, tried: Tried) -> Session:
        """The sender's session with a token that is good: opened by the PIN, or renewed.

        The PIN's hash is paid once a session, also where two messages of one sender come at once. Raises NoSession,
        CallFailure.
        """
        live = self.living(sender)
        if live is not None and self._may_be_used(live, sender, pin) and not self._ends_soon(live):
            return live
        lock = self._locks.setdefault(sender, asyncio.Lock())
        try:
            async with lock:
                return await self._of(sender, pin, tried)
        finally:
            if not lock.locked():
                self._locks.pop(sender, None)

    async def _of(self, sender: str, pin: str, tried: Tried) -> Session:
        live = self.living(sender)
        if live is None and not pin:
            raise NoSession
        if live is not None and self._may_be_used(live, sender, pin):
            if not self._ends_soon(live):
                return live
            return await self._exchange(sender, "", live.secret, live, tried)
        return await self._exchange(sender, pin, "", None, tried)

    def _may_be_used(self, live: Session, sender: str, pin: str) -> bool:
        """Returns whether the PIN is the session's own, or none is given."""
        return not pin or self._journal.hash_of("pin", sender, pin) == live.pin_hash

    def _ends_soon(self, live: Session) -> bool:
        """Returns whether the token is to be renewed, and can be."""
        return live.token_until - time.monotonic() <= _RENEW_BEFORE_S and live.token_until < live.until

    @contextlib.asynccontextmanager
    async def _turn(self, sender: str, tried: Tried) -> AsyncIterator[None]:
        """A place for a PIN at the issuer. Raises CallFailure: too many strangers wait, or none was free in time."""
        if self._journal.is_known(self._journal.hash_of("sender", sender)):
            async with _place(self._pins, tried):
                yield
            return
        if self._strangers_here >= _STRANGERS_WAITING:
            self._counts.add("pins_put_off")
            raise CallFailure("RESOURCE_EXHAUSTED", "too many first PINs at once", "OVERLOADED")
        self._strangers_here += 1
        try:
            async with _place(self._strangers, tried):
                yield
        finally:
            self._strangers_here -= 1

    async def _exchange(self, sender: str, pin: str, secret: str, live: Session | None, tried: Tried) -> Session:
        request_id = tried.request_id if pin else uuid.uuid4().hex
        request = tokens.ExchangeRequest(request_id=request_id, telephone=sender, pin=pin, session=secret)
        try:
            async with self._turn(sender, tried) if pin else self._renewals:
                self._counts.add("pins" if pin else "renewals")
                given = await self._authenticator.exchange(request, tried.seconds_left)
        except CallFailure as failure:
            self._counts.add("pins_refused")
            if failure.reason in ("SESSION_OVER", "REVOKED"):
                self.drop(sender)
            if failure.reason == "SESSION_OVER":
                raise NoSession from None
            raise
        now, clock = time.monotonic(), _issued_at(given.officer_token)
        until = now + min(given.session_expires_at.ToMicroseconds() / 1e6 - clock, LONGEST_S)
        token_until = min(now + given.expires_at.ToMicroseconds() / 1e6 - clock, until)
        if live is not None:
            live.token, live.token_until, live.secret = given.officer_token, token_until, given.session
            return live
        if len(self._live) >= _MOST:
            self._live = {each: kept for each, kept in self._live.items() if kept.until > now}
        pin_hash = self._journal.hash_of("pin", sender, pin)
        session = Session(given.officer_token, token_until, given.session, until, pin_hash)
        if given.recall:
            ends = given.recall_expires_at.ToMicroseconds() / 1e6
            session.recall = GivenRecall(str(_said(given.officer_token).get("sub", "")), given.recall, ends)
        self._live[sender] = session
        who = self._journal.hash_of("sender", sender)
        self._journal.know(who)
        self._journal.keep_session(who, KeptSession(time.time() + until - now, given.session, pin_hash.hex()))
        return session

    async def change_pin(self, sender: str, present: str, wanted: str, tried: Tried) -> None:
        """Raises CallFailure; OutcomeUnknown where it may be changed."""
        request = tokens.ChangePinRequest(request_id=tried.request_id, telephone=sender, present=present, wanted=wanted)
        async with self._turn(sender, tried):
            self._counts.add("pins")
            try:
                await self._authenticator.change_pin(request, tried.seconds_left)
            except OutcomeUnknown:
                self.drop(sender)  # if it was changed, the session is over
                raise
        self.drop(sender)
        self._journal.know(self._journal.hash_of("sender", sender))

    def drop(self, sender: str) -> None:
        """Forgets the sender's session."""
        self._live.pop(sender, None)
        self._journal.keep_session(self._journal.hash_of("sender", sender), None)

    async def end(self, sender: str) -> None:
        """Ends the sender's session here and at the issuer. Raises CallFailure."""
        session = self.living(sender)
        self.drop(sender)
        if session is not None:
            await self._authenticator.end(session.secret)


@contextlib.asynccontextmanager
async def _place(places: asyncio.Semaphore, tried: Tried) -> AsyncIterator[None]:
    """One of the places. Raises CallFailure: none was free in time, and nothing was asked."""
    try:
        async with asyncio.timeout(max(0.0, tried.seconds_left)):
            await places.acquire()
    except TimeoutError:
        raise CallFailure("RESOURCE_EXHAUSTED", "too many PINs at once", "OVERLOADED") from None
    try:
        yield
    finally:
        places.release()


def _issued_at(token: str) -> float:
    """The issuer's clock when it gave the token: lives are counted from there, for ours may be off by a day."""
    try:
        return float(_said(token)["iat"]) + 1  # whole seconds
    except (LookupError, ValueError, TypeError):
        return time.time()


def _said(token: str) -> dict[str, Any]:
    """Returns a token's claims, unverified; {} for an unreadable one: a development server's."""
    try:
        body = token.split(".")[1]
        said = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (LookupError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}
