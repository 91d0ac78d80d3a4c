"""The device's key of the day: in memory only, and until its end by a clock that nobody can set back."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

if TYPE_CHECKING:
    from google.protobuf.timestamp_pb2 import Timestamp

    from clients.car.clock import TrustedClock

NONCE_BYTES = 12
OVERHEAD_BYTES = NONCE_BYTES + 16


class NotReadable(Exception):
    """Data on disk that is damaged, of another key, or changed."""


@dataclass(frozen=True)
class HeldKey:
    """One key. hold_until: seconds since 1970, UTC; the clock says when that is."""

    key_id: str
    key: bytes
    hold_until: float
    clock: TrustedClock

    @property
    def over(self) -> bool:
        """True if it may no longer be held."""
        return self.clock.now() >= self.hold_until

    def seal(self, plain: bytes, about: bytes) -> bytes:
        """Nonce and AES-256-GCM of `plain`; `about` is bound to it, not in it."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + AESGCM(self.key).encrypt(nonce, plain, about)

    def open(self, sealed: bytes, about: bytes) -> bytes:
        """Returns the plain content of sealed bytes. Raises NotReadable."""
        try:
            return AESGCM(self.key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], about)
        except (InvalidTag, ValueError):
            raise NotReadable from None


def seconds(moment: Timestamp) -> float:
    """Seconds since 1970, UTC."""
    return moment.seconds + moment.nanos / 1e9
