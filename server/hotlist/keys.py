"""The keys of hot lists, all derived from one secret (<data>/hotlist.key): nothing is stored for a device.

A device's key is HKDF-SHA256 of the secret over device, officer and day. So the server can hand the same key out again
to the same officer at the same device, and to no other. The secret gives every device's keys of every day: it stays on
the server. To replace it, remove the file (lists and logs kept under old keys are lost).
"""

from __future__ import annotations

import hashlib
import re
from datetime import date, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from server.hotlist.part import SECRET

HOTLIST_KEY = SECRET.file  # in the data directory
SECRET_BYTES = SECRET.bytes
KEY_BYTES = 32
OLDEST_DAYS = 31  # so that a log kept under an older key can still be read and reported
DOMAIN = b"ronda hotlist v1\n"  # what a signature is over, before the header
STEP_DOMAIN = b"ronda hotlist step v1\n"  # and before a step
_DAY = re.compile(r"\A[0-9]{8}\Z")


class HotlistKeys:
    """The keys derived from one secret."""

    def __init__(self, secret: bytes) -> None:
        """Raises ValueError for a secret of another size."""
        if len(secret) != SECRET_BYTES:
            raise ValueError(f"a hot-list secret has {SECRET_BYTES} bytes")
        self._secret = secret
        self._signing = Ed25519PrivateKey.from_private_bytes(self._derived(b"sign"))
        self.public_key = self._signing.public_key().public_bytes_raw()
        self.key_id = hashlib.sha256(self.public_key).hexdigest()[:16]

    def signature(self, header: bytes) -> bytes:
        """Ed25519 over DOMAIN and the header, 64 bytes."""
        return self._signing.sign(DOMAIN + header)

    def step_signature(self, step: bytes) -> bytes:
        """Ed25519 over STEP_DOMAIN and the step, 64 bytes: the same ones each time."""
        return self._signing.sign(STEP_DOMAIN + step)

    def device_key(self, device: str, officer: str, key_id: str) -> bytes:
        """32 bytes. officer: "institution/NIP"; key_id: of `key_id_of`."""
        return self._derived(b"device", device.encode(), officer.encode(), key_id.encode())

    def _derived(self, *parts: bytes) -> bytes:
        info = b"".join(len(part).to_bytes(4, "big") + part for part in (b"ronda hotlist v1", *parts))
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=info).derive(self._secret)


def key_id_of(day: date) -> str:
    """The id of a day's key: "20261126"."""
    return day.strftime("%Y%m%d")


def is_key_id(text: str, today: date) -> bool:
    """Returns whether it names a day of the last OLDEST_DAYS."""
    if not _DAY.match(text):
        return False
    try:
        day = date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return False
    return today - timedelta(days=OLDEST_DAYS) <= day <= today
