"""PINs and passwords, hashed memory-hard: keyed with the pepper, then scrypt (RFC 7914), a few at once in threads.

A hash takes 128 * r * N bytes (16 to 64 MiB): as many run as the settings say, the rest wait. Callers have their turns
one after the other and each a bound of its own, as has each number: a flood takes neither memory nor others' time.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

from ronda.v1 import error_pb2
from server.errors import Refusal
from server.issuer.pepper import Pepper

R = 8
P = 1
_HASH_BYTES = 32
_SALT_BYTES = 16
_BUSY_RETRY_MS = 1000


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


def matches(pepper: Pepper, kind: str, officer: int, secret: str, stored: SecretHash) -> bool:
    """Whether it is the stored one; what was keyed with a key that is gone matches nothing, at the same cost."""
    key = pepper.by_id(stored.pepper)
    keyed = (key or pepper.newest).of(kind, str(officer).encode(), secret.encode())
    made = _scrypt(keyed, stored.salt, stored.log_n, stored.r, stored.p)
    return hmac.compare_digest(made, stored.hash) and key is not None


def nobodys(pepper: Pepper, log_n: int) -> SecretHash:
    """What is compared where there is no officer: it costs the same, and nothing matches it."""
    return SecretHash(secrets.token_bytes(_HASH_BYTES), secrets.token_bytes(_SALT_BYTES), log_n, R, P, pepper.newest.id)


def _scrypt(keyed: bytes, salt: bytes, log_n: int, r: int, p: int) -> bytes:
    n = 1 << log_n
    most = 128 * r * (n + p + 2) + (1 << 20)  # bytes; OpenSSL refuses more than it was told
    return hashlib.scrypt(keyed, salt=salt, n=n, r=r, p=p, maxmem=most, dklen=_HASH_BYTES)


class Hashing:
    """The threads, and who waits for one: callers in turn, however many each has waiting. Of one event loop."""

    def __init__(self, threads: int) -> None:
        self._executor = ThreadPoolExecutor(threads, "scrypt")
        self._free = threads
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()  # whose turn is next stands first
        self._of_caller: Counter[str] = Counter()
        self._of_subject: Counter[bytes] = Counter()

    @property
    def waiting(self) -> int:
        """Sign-ins that wait."""
        return sum(map(len, self._waiting.values()))

    @asynccontextmanager
    async def turn(
        self, caller: str, most: int, subject: bytes = b"", most_of_subject: int = 0
    ) -> AsyncIterator[ThreadPoolExecutor]:
        """A thread's worth of time.

        Raises Refusal OVERLOADED when `most` of this caller wait or run already, or `most_of_subject` of this number or
        NIP (0 = of none in particular): who floods is refused, and delays others by a hash at most.
        """
        if self._of_caller[caller] >= most or (most_of_subject and self._of_subject[subject] >= most_of_subject):
            raise Refusal(error_pb2.ERROR_REASON_OVERLOADED, retry_after_ms=_BUSY_RETRY_MS)
        with _counted(self._of_caller, caller), _counted(self._of_subject, subject):
            await self._wait(caller)
            try:
                yield self._executor
            finally:
                self._pass_on()

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
        """To the next caller, who then stands last."""
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
