"""PINs and passwords, hashed memory-hard: keyed with the pepper, then scrypt (RFC 7914), a few at once in threads.

A hash takes 128 * r * N bytes (16 to 64 MiB): as many run as the settings say, the rest wait, each caller with a bound
of its own, so that a flood of one takes neither the memory nor the others' turn for long.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections import Counter
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass

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
    """The threads, and who waits for one. Of one event loop."""

    def __init__(self, threads: int) -> None:
        self._executor = ThreadPoolExecutor(threads, "scrypt")
        self._turns = asyncio.Semaphore(threads)
        self._waiting: Counter[str] = Counter()

    @asynccontextmanager
    async def turn(self, caller: str, most: int) -> AsyncIterator[ThreadPoolExecutor]:
        """A thread's worth of time. Raises Refusal OVERLOADED when `most` of this caller wait or run already."""
        if self._waiting[caller] >= most:
            raise Refusal(error_pb2.ERROR_REASON_OVERLOADED, retry_after_ms=_BUSY_RETRY_MS)
        self._waiting[caller] += 1
        try:
            async with self._turns:
                yield self._executor
        finally:
            self._waiting[caller] -= 1
            if not self._waiting[caller]:
                del self._waiting[caller]

    def close(self) -> None:
        """Lets the threads end."""
        self._executor.shutdown(wait=True, cancel_futures=True)
