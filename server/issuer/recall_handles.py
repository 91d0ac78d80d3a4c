"""Handles for recalls, given by an exchange by PIN: weeks later the gateway gets a token that opens AlertService alone.

A session lasts ten minutes, and a warrant may be cancelled days after the look-up; the officer cannot be asked for a
PIN to get that news. A handle is sealed under the pepper and not stored here. It is useless to another gateway, for
another number, or after the number moves to another officer or the officer is revoked. It opens no look-up.
"""

from __future__ import annotations

import base64
import json
import secrets
from binascii import Error as Base64Error
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from server.issuer.pepper import Key, Pepper

LONGEST = 512  # characters
_NONCE_BYTES = 12
_USE = "handles for recalls"


@dataclass(frozen=True)
class RecallHandle:
    """officer: its row; reference: the random one of that row; number: the sender's, as + and digits."""

    officer: int
    reference: bytes
    number: str
    gateway: str  # SPIFFE name: certificates are renewed
    ends_ms: int


def sealed(handle: RecallHandle, pepper: Pepper) -> str:
    """Returns the handle as the gateway keeps it."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    said = json.dumps([handle.officer, handle.reference.hex(), handle.ends_ms]).encode()
    about = _about(handle.number, handle.gateway)
    return base64.urlsafe_b64encode(nonce + _cipher(pepper.newest).encrypt(nonce, said, about)).decode()


def opened(text: str, number: str, gateway: str, pepper: Pepper, now_ms: int) -> RecallHandle | None:
    """Opens a handle; None: not for this number by this gateway, over, or of a removed key."""
    try:
        content = base64.urlsafe_b64decode(text.encode())
    except (Base64Error, ValueError):
        return None
    for key in pepper.keys:
        try:
            said = _cipher(key).decrypt(content[:_NONCE_BYTES], content[_NONCE_BYTES:], _about(number, gateway))
        except (InvalidTag, ValueError):
            continue
        officer, reference, ends_ms = json.loads(said)
        if now_ms >= ends_ms:
            return None
        return RecallHandle(officer, bytes.fromhex(reference), number, gateway, ends_ms)
    return None


def _about(number: str, gateway: str) -> bytes:
    return json.dumps([_USE, number, gateway]).encode()


def _cipher(key: Key) -> AESGCM:
    return AESGCM(key.of(_USE))
