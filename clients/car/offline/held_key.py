"""The device's key of the day: in memory only, and until its end by a clock that nobody can set back."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

if TYPE_CHECKING:
    from google.protobuf.timestamp_pb2 import Timestamp

NONCE_BYTES = 12
OVERHEAD_BYTES = NONCE_BYTES + 16


class NotReadable(Exception):
    """What is on disk is damaged, of another key, or was changed."""


class TrustedClock:
    """UTC seconds that never go back: of server and boot clock, or of the device's clock where that is later."""

    def __init__(self, server_time: float) -> None:
        self._server_time = server_time
        self._booted = time.clock_gettime(time.CLOCK_BOOTTIME)
        self._latest = server_time

    def now(self) -> float:
        """The latest that it can be."""
        since = self._server_time + time.clock_gettime(time.CLOCK_BOOTTIME) - self._booted
        self._latest = max(self._latest, since, time.time())
        return self._latest


@dataclass(frozen=True)
class HeldKey:
    """One key. hold_until: seconds since 1970, UTC; the clock says when that is."""

    key_id: str
    key: bytes
    hold_until: float
    clock: TrustedClock

    @property
    def over(self) -> bool:
        """Whether it may not be held any longer."""
        return self.clock.now() >= self.hold_until

    def seal(self, plain: bytes, about: bytes) -> bytes:
        """Nonce and AES-256-GCM of `plain`; `about` is bound to it, not in it."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + AESGCM(self.key).encrypt(nonce, plain, about)

    def open(self, sealed: bytes, about: bytes) -> bytes:
        """What was sealed. Raises NotReadable."""
        try:
            return AESGCM(self.key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], about)
        except (InvalidTag, ValueError):
            raise NotReadable from None


def seconds(moment: Timestamp) -> float:
    """Seconds since 1970, UTC."""
    return moment.seconds + moment.nanos / 1e9
