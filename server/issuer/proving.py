"""Proves an officer's identity: the locks, the charge, the hash, and the refund for a right PIN.

The order is the defence. Locks are checked first, for unknown numbers alike. A caller with a passed deadline, or who
hung up, is not charged and gets no hash. A failure is on disk before the hash begins. A device with many failures waits
before the hash, with any password: leaving early reveals nothing to a guesser. The hash runs for every caller, at the
same cost. A refusal leaves at a fixed step of time, so that differences of microseconds (an officer on file, an older
hash) cannot be measured.
"""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from ronda.v1 import error_pb2
from server.errors import Refusal
from server.issuer import lockouts, repeats
from server.issuer.awaiting import Awaited
from server.issuer.forms import Kind
from server.issuer.hashing import Hashing, P, R, SecretHash, hash_secret, hash_tried, is_stored, matches, nobodys
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
    """A claimed identity: by a number (PIN) or a NIP (password), through a gateway or device.

    awaited: the callers who wait for the answer.
    """

    kind: Kind
    subject: str
    caller: Peer
    request_id: str
    awaited: Awaited

    @property
    def name(self) -> tuple[str, ...]:
        """The same for each repetition of a request, also after a restart."""
        return self.caller.device, self.request_id, self.kind.value, self.subject


@dataclass(frozen=True)
class Proof:
    """The officer, and the secret as it is stored. is_repeated: it was changed as asked already, by this request."""

    officer: Officer
    held: Secret
    is_repeated: bool = False


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
    """Returns the keyed hashes of a number or NIP in the database and in sessions, under every key, newest first."""
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

    async def prove(self, pepper: Pepper, claim: Claim, secret: str, *, wanted: str = "") -> Proof:
        """Returns the officer with this PIN or password.

        wanted: the new one to set, "" = none. Raises Refusal SIGN_IN_REFUSED, LIMIT_EXCEEDED, OVERLOADED;
        DEADLINE_EXCEEDED: no caller waits any more, and nothing was counted.
        """
        came = boot_clock()
        try:
            return await self._prove(pepper, claim, secret, wanted)
        except Refusal as refusal:
            if refusal.reason == error_pb2.ERROR_REASON_SIGN_IN_REFUSED:
                step = self._settings.refusal_step_ms / 1000
                await asyncio.sleep(step - (boot_clock() - came) % step)
            raise

    async def _prove(self, pepper: Pepper, claim: Claim, secret: str, wanted: str) -> Proof:
        subjects = subject_hashes(pepper, claim.kind, claim.subject)
        keys = pepper.all_of("try", *(part.encode() for part in claim.name))
        attempt = _Attempt(claim, subjects, self._accounts(pepper, claim, subjects), keys)
        pause_ms = await self.look(attempt.look)
        await asyncio.sleep(pause_ms / 1000)
        of_subject = self._settings.number_failures  # more would find it locked
        async with self._hashing.turn(
            claim.caller.device,
            self._most_of(claim.caller),
            subjects[0],
            of_subject,
            seconds=claim.awaited.seconds_left,
            hashes=2 if wanted else 1,
        ):
            _check_awaited(claim, self._metrics)
            charged = await self.change(attempt.charge)
            found = await self._tried(pepper, claim, secret, wanted, charged)
        if found is None:
            raise Refusal(error_pb2.ERROR_REASON_SIGN_IN_REFUSED)
        proof, fresh = found
        pays_ms = 1000 * self._settings.sms_session_s
        await self.change(_Settled(attempt, pepper, proof, charged.charges, fresh, pays_ms).settle)
        return proof

    async def _tried(
        self, pepper: Pepper, claim: Claim, secret: str, wanted: str, charged: _Charged
    ) -> tuple[Proof, SecretHash | None] | None:
        """Hashes. Returns the proof, and the hash at today's cost where the stored one is of another; None = wrong."""
        kind, officer, held, log_n = claim.kind, charged.officer, charged.held, self._settings.scrypt_log_n
        stored = held.hash if held is not None else nobodys(pepper, log_n, charged.attempt.subjects[0])
        identity = officer.id if officer is not None else 0
        tried = await self._hash(lambda: hash_tried(pepper, kind, identity, secret, stored))
        right, repeated = is_stored(pepper, tried, stored), False
        if wanted and not right:  # at the same cost where nothing was changed
            former = charged.former or stored
            repeated = await self._hash(lambda: matches(pepper, kind, identity, secret, former))
            repeated = repeated and await self._hash(lambda: matches(pepper, kind, identity, wanted, stored))
        if not (right or repeated) or officer is None or held is None or officer.revoked:
            await self.change(lambda store: charged.settle_wrong(store, tried))
            return None
        fresh: SecretHash | None = None
        if right and (stored.log_n, stored.r, stored.p, stored.pepper) != (log_n, R, P, pepper.newest.id):
            fresh = await self._hash(lambda: hash_secret(pepper, kind, officer.id, secret, log_n))
        return Proof(officer, held, repeated), fresh

    async def hash_new(self, pepper: Pepper, claim: Claim, officer: int, secret: str) -> SecretHash:
        """Returns the hash of a new PIN or password. Raises Refusal OVERLOADED, DEADLINE_EXCEEDED."""
        most, left = self._most_of(claim.caller), claim.awaited.seconds_left
        async with self._hashing.turn(claim.caller.device, most, seconds=left):
            _check_awaited(claim, self._metrics)
            return await self._hash(
                lambda: hash_secret(pepper, claim.kind, officer, secret, self._settings.scrypt_log_n)
            )

    async def _hash(self, work: Callable[[], _T]) -> _T:
        self._metrics.hash_begun()
        return await self._hashing.run(work)

    def _most_of(self, caller: Peer) -> int:
        return self._settings.waiting_of_gateway if caller.is_gateway else self._settings.waiting_of_device

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


def _check_awaited(claim: Claim, metrics: Metrics) -> None:
    """Raises Refusal DEADLINE_EXCEEDED where no caller waits for the answer any more."""
    if claim.awaited.seconds_left <= 0:
        metrics.hash_spared()
        raise Refusal(error_pb2.ERROR_REASON_DEADLINE_EXCEEDED, rule="the caller's deadline passed before the hash")


@dataclass(frozen=True)
class _Attempt:
    """keys: of this request id, under every pepper key, newest first."""

    claim: Claim
    subjects: list[bytes]
    accounts: tuple[Account, ...]
    keys: list[bytes]

    def look(self, store: Store) -> int:
        """Returns the wait before the sign-in is tried, in milliseconds. Raises Refusal LIMIT_EXCEEDED."""
        now = now_ms()
        lockouts.check_locks(store.db, self.accounts, now)
        return lockouts.pause_ms(store.db, self.accounts, now)

    def charge(self, store: Store) -> _Charged:
        """Returns who is meant, if anybody, and the failure as charged. Raises Refusal LIMIT_EXCEEDED."""
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
            before = repeats.find_try(db, self.keys)
            if before is not None and before.hash is None:  # an earlier process charged it, and ended
                charges = [Charge(account, 0, 0.0) for account in charged]
            else:
                charges = [lockouts.charge(db, account, now) for account in charged]
                repeats.begin_try(db, self.keys[0], now)
            held = store.secret(officer.id, claim.kind) if officer is not None else None
            former = repeats.former_of(db, officer.id, claim.kind) if officer is not None else None
        return _Charged(self, officer, held, former, charges, before.hash if before is not None else None)


@dataclass(frozen=True)
class _Charged:
    """A failure on disk, before its hash. before: hash that an earlier try under the same request id had."""

    attempt: _Attempt
    officer: Officer | None
    held: Secret | None
    former: SecretHash | None
    charges: list[Charge]
    before: bytes | None

    def settle_wrong(self, store: Store, tried: bytes) -> None:
        """Keeps what was tried. The same under the same id was counted already, and is given back."""
        with store.change() as db:
            if self.before is not None and hmac.compare_digest(self.before, tried):
                for made in self.charges:
                    lockouts.give_back(db, made, now_ms())
            else:
                repeats.keep_try(db, self.attempt.keys[0], tried)


@dataclass(frozen=True)
class _Settled:
    """The changes made by a right PIN."""

    attempt: _Attempt
    pepper: Pepper
    proof: Proof
    charges: list[Charge]
    fresh: SecretHash | None
    pays_ms: int

    def settle(self, store: Store) -> None:
        kind, officer, held = self.attempt.claim.kind, self.proof.officer, self.proof.held
        with store.change() as db:
            now = now_ms()
            for account in self.attempt.accounts[:-2]:
                lockouts.forget(db, account)
            repeats.forget_try(db, self.attempt.keys[0])
            pays = PAID_BACK if not 0 <= now - held.paid_ms < self.pays_ms else 0.0
            for made in self.charges[1:]:
                lockouts.give_back(db, made, now, pays=pays)
            if pays:
                db.execute(
                    "UPDATE secret SET paid_ms = ? WHERE officer = ? AND kind = ?", (now, officer.id, kind.value)
                )
            if self.fresh is not None:
                store.renew_hash(officer.id, kind, held.hash, self.fresh)
            if kind is Kind.PIN:  # a number that was stored under an older key
                db.execute(
                    "UPDATE telephone SET hash = ?, pepper = ? WHERE officer = ?",
                    (self.attempt.subjects[0], self.pepper.newest.id, officer.id),
                )
