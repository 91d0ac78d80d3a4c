"""PINs and passwords, hashed memory-hard: keyed with the pepper, then scrypt (RFC 7914), a few at once in threads.

A hash takes 128 * r * N bytes (16 to 64 MiB). As many run at once as the settings say; the rest wait. Callers take
turns, and each caller and each number has a limit of its own: a flood takes neither memory nor others' time.

The queue of a caller is first in, first out. A sign-in without enough time before its deadline is refused at once, with
the time to retry after. So every waiting one is served in time, and newest-first order would only break that.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import math
import secrets
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from ronda.v1 import error_pb2
from server.errors import Refusal
from server.issuer.pepper import Pepper
from server.issuer.sessions import boot_clock

R = 8
P = 1
_HASH_BYTES = 32
_SALT_BYTES = 16
_BUSY_RETRY_MS = 1000
_LEAST_RETRY_MS, _LONGEST_RETRY_MS = 250, 10_000
_NEWEST_WEIGHS = 0.2  # of the average time of a hash


_T = TypeVar("_T")


@dataclass(frozen=True)
class SecretHash:
    """A stored PIN or password. pepper: id of the key that it was keyed with."""

    hash: bytes
    salt: bytes
    log_n: int
    r: int
    p: int
    pepper: str


def hash_secret(pepper: Pepper, kind: str, officer: int, secret: str, log_n: int) -> SecretHash:
    """A new one, under the newest key. Takes as long, and as much memory, as scrypt does."""
    salt = secrets.token_bytes(_SALT_BYTES)
    keyed = pepper.newest.of(kind, str(officer).encode(), secret.encode())
    return SecretHash(_scrypt(keyed, salt, log_n, R, P), salt, log_n, R, P, pepper.newest.id)


def hash_tried(pepper: Pepper, kind: str, officer: int, secret: str, stored: SecretHash) -> bytes:
    """Returns the hash of a tried secret, at the cost and with the salt of the stored one."""
    keyed = (pepper.by_id(stored.pepper) or pepper.newest).of(kind, str(officer).encode(), secret.encode())
    return _scrypt(keyed, stored.salt, stored.log_n, stored.r, stored.p)


def is_stored(pepper: Pepper, tried: bytes, stored: SecretHash) -> bool:
    """Returns whether `hash_tried` gave the stored one; what was keyed with a key that is gone matches nothing."""
    return hmac.compare_digest(tried, stored.hash) and pepper.by_id(stored.pepper) is not None


def matches(pepper: Pepper, kind: str, officer: int, secret: str, stored: SecretHash) -> bool:
    """Returns whether it is the stored one; takes as long, and as much memory, as scrypt does."""
    return is_stored(pepper, hash_tried(pepper, kind, officer, secret, stored), stored)


def nobodys(pepper: Pepper, log_n: int, subject: bytes) -> SecretHash:
    """Returns what is compared where there is no officer: it costs the same, and nothing matches it.

    subject: the keyed number or NIP. Its salt is always the same: the same wrong PIN has the same hash.
    """
    salt = pepper.newest.of("salt of nobody", subject)[:_SALT_BYTES]
    return SecretHash(secrets.token_bytes(_HASH_BYTES), salt, log_n, R, P, pepper.newest.id)


def _scrypt(keyed: bytes, salt: bytes, log_n: int, r: int, p: int) -> bytes:
    n = 1 << log_n
    most = 128 * r * (n + p + 2) + (1 << 20)  # bytes; OpenSSL refuses more than its limit
    return hashlib.scrypt(keyed, salt=salt, n=n, r=r, p=p, maxmem=most, dklen=_HASH_BYTES)


class Hashing:
    """The threads, and who waits for one: callers in turn, however many each has waiting. Of one event loop."""

    def __init__(self, threads: int) -> None:
        self._executor = ThreadPoolExecutor(threads, "scrypt")
        self._threads = self._free = threads
        self._hash_s = 0.0  # average of the last hashes; 0 = none ran yet
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()  # the next in turn stands first
        self._of_caller: Counter[str] = Counter()
        self._of_subject: Counter[bytes] = Counter()

    @property
    def waiting(self) -> int:
        """Sign-ins that wait."""
        return sum(map(len, self._waiting.values()))

    @asynccontextmanager
    async def turn(
        self,
        caller: str,
        most: int,
        subject: bytes = b"",
        most_of_subject: int = 0,
        *,
        seconds: float = math.inf,
        hashes: int = 1,
    ) -> AsyncIterator[None]:
        """Gives a thread's worth of time, for `run`.

        seconds: until the caller's deadline. hashes: that the caller's answer takes, each with a turn of its own.
        Raises Refusal OVERLOADED, with the time to retry after:
        - `most` of this caller wait or run already, or `most_of_subject` of this number or NIP (0 = no limit);
        - its turn and its hash would come after the deadline; never while a thread is free.
        """
        if self._of_caller[caller] >= most or (most_of_subject and self._of_subject[subject] >= most_of_subject):
            raise Refusal(error_pb2.ERROR_REASON_OVERLOADED, retry_after_ms=_BUSY_RETRY_MS)
        late_s = hashes * self.seconds_until_done(caller) - seconds
        if late_s > 0 and not self._free:
            retry_ms = min(max(round(late_s * 1000), _LEAST_RETRY_MS), _LONGEST_RETRY_MS)
            raise Refusal(error_pb2.ERROR_REASON_OVERLOADED, retry_after_ms=retry_ms)
        with _counted(self._of_caller, caller), _counted(self._of_subject, subject):
            await self._wait(caller)
            try:
                yield
            finally:
                self._pass_on()

    def seconds_until_done(self, caller: str) -> float:
        """Returns when a hash of this caller that comes now would be ready, by the average time of the last ones."""
        own = len(self._waiting.get(caller, ()))
        ahead = own + sum(min(len(turns), own + 1) for other, turns in self._waiting.items() if other != caller)
        return self._hash_s * (1 + (ahead + 1) / self._threads)

    async def run(self, work: Callable[[], _T]) -> _T:
        """Runs one hash in a thread; within `turn`."""
        began = boot_clock()
        made = await asyncio.get_running_loop().run_in_executor(self._executor, work)
        took = boot_clock() - began
        self._hash_s += (took - self._hash_s) * (_NEWEST_WEIGHS if self._hash_s else 1.0)
        return made

    async def _wait(self, caller: str) -> None:
        if self._free:
            self._free -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(caller, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it had come
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        """Passes the turn to the next caller, who then stands last."""
        while self._waiting:
            caller, turns = self._waiting.popitem(last=False)
            turn = turns.popleft()
            if turns:
                self._waiting[caller] = turns
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    def close(self) -> None:
        """Lets the threads end."""
        self._executor.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _counted(counter: Counter[Any], key: object) -> Iterator[None]:
    counter[key] += 1
    try:
        yield
    finally:
        counter[key] -= 1
        if not counter[key]:
            del counter[key]
