"""Whether somebody is who she says: the locks, the charge, the hash, and what a right PIN gives back.

The order is the defence. Locks are looked at first, of numbers of nobody alike. A failure is on disk before the hash
begins. A device with many failures waits before the hash, whatever the password: leaving early tells a guesser nothing.
The hash runs for whoever asks, at the same cost. A refusal leaves at a step of time, so that what differs by
microseconds (an officer on file, an older hash) cannot be told from it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from ronda.v1 import error_pb2
from server.errors import Refusal
from server.issuer import lockouts
from server.issuer.forms import Kind
from server.issuer.hashing import Hashing, P, R, SecretHash, hash_secret, matches, nobodys
from server.issuer.lockouts import DAY_S, HOUR_S, PAID_BACK, Account, Charge, Rule
from server.issuer.metrics import Metrics
from server.issuer.pepper import Pepper
from server.issuer.sessions import boot_clock
from server.issuer.settings import IssuerSettings
from server.issuer.store import Officer, Secret, Store
from server.trust.peer import Peer

DEVICE_PAUSE_S, LONGEST_DEVICE_PAUSE_S = 1, 4  # with a hash's turn below the ten seconds that a client waits

_T = TypeVar("_T")


@dataclass(frozen=True)
class Claim:
    """Who somebody says she is: by a number (PIN) or a NIP (password), through a gateway or device."""

    kind: Kind
    subject: str
    caller: Peer
    request_id: str


@dataclass(frozen=True)
class Rules:
    """The locks of the settings."""

    subject: Rule
    device: Rule
    gateway: Rule
    everybody: Rule

    @classmethod
    def of(cls, settings: IssuerSettings) -> Rules:
        """All of them; a subject's failures leak in a day, the wide ones' in an hour."""
        first, longest, wide = settings.lock_s, settings.longest_lock_s, settings.longest_wide_lock_s
        return cls(
            Rule("number", settings.number_failures, DAY_S, first, longest),
            Rule("device", settings.device_failures, HOUR_S, DEVICE_PAUSE_S, LONGEST_DEVICE_PAUSE_S, slows=True),
            Rule("gateway", settings.gateway_failures, HOUR_S, first, wide),
            Rule("issuer", settings.all_failures, HOUR_S, first, wide),
        )


def subject_hashes(pepper: Pepper, kind: Kind, subject: str) -> list[bytes]:
    """What stands for a number or NIP in the database and in sessions, under every key, newest first."""
    return pepper.all_of(f"subject {kind}", subject.encode())


def now_ms() -> int:
    """UTC, milliseconds: locks outlive a restart of the machine, so they go by the wall clock."""
    return time.time_ns() // 1_000_000


class Prover:
    """Proves claims. Of one event loop; the database has a thread for changes and one for looks."""

    def __init__(self, settings: IssuerSettings, changes: Store, looks: Store, metrics: Metrics) -> None:
        self._settings, self._metrics = settings, metrics
        self._rules = Rules.of(settings)
        self._changes, self._looks = changes, looks
        self._changing = ThreadPoolExecutor(1, "changes")
        self._looking = ThreadPoolExecutor(1, "looks")
        self._hashing = Hashing(settings.scrypt_threads)

    @property
    def waiting(self) -> int:
        """Sign-ins that wait for a hash."""
        return self._hashing.waiting

    async def change(self, work: Callable[[Store], _T]) -> _T:
        """Runs `work` where the database is changed; it opens `Store.change` itself."""
        return await asyncio.get_running_loop().run_in_executor(self._changing, work, self._changes)

    async def look(self, work: Callable[[Store], _T]) -> _T:
        """Runs `work` beside the changes."""
        return await asyncio.get_running_loop().run_in_executor(self._looking, work, self._looks)

    async def prove(self, pepper: Pepper, claim: Claim, secret: str) -> tuple[Officer, Secret]:
        """The officer whose PIN or password it is. Raises Refusal SIGN_IN_REFUSED, LIMIT_EXCEEDED, OVERLOADED."""
        came = boot_clock()
        try:
            return await self._prove(pepper, claim, secret)
        except Refusal as refusal:
            if refusal.reason == error_pb2.ERROR_REASON_SIGN_IN_REFUSED:
                step = self._settings.refusal_step_ms / 1000
                await asyncio.sleep(step - (boot_clock() - came) % step)
            raise

    async def _prove(self, pepper: Pepper, claim: Claim, secret: str) -> tuple[Officer, Secret]:
        loop = asyncio.get_running_loop()
        subjects = subject_hashes(pepper, claim.kind, claim.subject)
        attempt = _Attempt(claim, subjects, self._accounts(pepper, claim, subjects))
        pause_ms = await self.look(attempt.look)
        await asyncio.sleep(pause_ms / 1000)
        gateway = claim.caller.is_gateway
        most = self._settings.waiting_of_gateway if gateway else self._settings.waiting_of_device
        of_subject = self._settings.number_failures  # more would find it locked
        async with self._hashing.turn(claim.caller.device, most, subjects[0], of_subject) as threads:
            officer, held, charges = await self.change(attempt.charge)
            self._metrics.hash_begun()
            log_n = self._settings.scrypt_log_n
            stored = held.hash if held is not None else nobodys(pepper, log_n)
            identity = officer.id if officer is not None else 0
            right = await loop.run_in_executor(threads, matches, pepper, claim.kind, identity, secret, stored)
            if not right or officer is None or held is None or officer.revoked:
                raise Refusal(error_pb2.ERROR_REASON_SIGN_IN_REFUSED)
            fresh: SecretHash | None = None
            if (stored.log_n, stored.r, stored.p, stored.pepper) != (log_n, R, P, pepper.newest.id):
                fresh = await loop.run_in_executor(threads, hash_secret, pepper, claim.kind, officer.id, secret, log_n)
        pays_ms = 1000 * self._settings.sms_session_s
        settled = _Settled(attempt, pepper, officer, held, charges, fresh, pays_ms)
        await self.change(settled.settle)
        return officer, held

    async def hash_new(self, pepper: Pepper, kind: Kind, officer: int, secret: str, caller: Peer) -> SecretHash:
        """The hash of a new PIN or password. Raises Refusal OVERLOADED."""
        most = self._settings.waiting_of_gateway if caller.is_gateway else self._settings.waiting_of_device
        async with self._hashing.turn(caller.device, most) as threads:
            self._metrics.hash_begun()
            return await asyncio.get_running_loop().run_in_executor(
                threads, hash_secret, pepper, kind, officer, secret, self._settings.scrypt_log_n
            )

    def _accounts(self, pepper: Pepper, claim: Claim, subjects: list[bytes]) -> tuple[Account, ...]:
        """The subject's under every key, newest first, then the caller's, then everybody's."""
        wide = self._rules.gateway if claim.caller.is_gateway else self._rules.device
        caller = Account(wide, claim.caller.device.encode())
        return (*(Account(self._rules.subject, each) for each in subjects), caller, Account(self._rules.everybody, b""))

    def close(self) -> None:
        """Lets the threads end."""
        self._hashing.close()
        self._changing.shutdown()
        self._looking.shutdown()


@dataclass(frozen=True)
class _Attempt:
    claim: Claim
    subjects: list[bytes]
    accounts: tuple[Account, ...]

    def look(self, store: Store) -> int:
        """Returns the wait before the sign-in is tried, in milliseconds. Raises Refusal LIMIT_EXCEEDED."""
        now = now_ms()
        lockouts.check_locks(store.db, self.accounts, now)
        return lockouts.pause_ms(store.db, self.accounts, now)

    def charge(self, store: Store) -> tuple[Officer | None, Secret | None, list[Charge]]:
        """Who is meant, if anybody, and the failure as charged. Raises Refusal LIMIT_EXCEEDED."""
        claim = self.claim
        caller, everybody = self.accounts[-2:]
        with store.change() as db:
            now = now_ms()
            lockouts.check_locks(db, self.accounts, now)
            officer = store.by_telephone(self.subjects) if claim.kind is Kind.PIN else store.by_nip(claim.subject)
            known = officer is not None and not officer.revoked
            charged = [self.accounts[0]]
            if known or not claim.caller.is_gateway:
                charged.append(caller)
            if known:
                charged.append(everybody)
            charges = [lockouts.charge(db, account, now) for account in charged]
            secret = store.secret(officer.id, claim.kind) if officer is not None else None
        return officer, secret, charges


@dataclass(frozen=True)
class _Settled:
    """What a right PIN changes."""

    attempt: _Attempt
    pepper: Pepper
    officer: Officer
    held: Secret
    charges: list[Charge]
    fresh: SecretHash | None
    pays_ms: int

    def settle(self, store: Store) -> None:
        kind, officer = self.attempt.claim.kind, self.officer
        with store.change() as db:
            now = now_ms()
            for account in self.attempt.accounts[:-2]:
                lockouts.forget(db, account)
            pays = PAID_BACK if not 0 <= now - self.held.paid_ms < self.pays_ms else 0.0
            for made in self.charges[1:]:
                lockouts.give_back(db, made, now, pays=pays)
            if pays:
                db.execute(
                    "UPDATE secret SET paid_ms = ? WHERE officer = ? AND kind = ?", (now, officer.id, kind.value)
                )
            if self.fresh is not None:
                store.renew_hash(officer.id, kind, self.held.hash, self.fresh)
            if kind is Kind.PIN:  # a number that was stored under an older key
                db.execute(
                    "UPDATE telephone SET hash = ?, pepper = ? WHERE officer = ?",
                    (self.attempt.subjects[0], self.pepper.newest.id, officer.id),
                )
