"""Subject ids: a keyed hash of the canonical identifier, the same in every generation."""

from __future__ import annotations

import hashlib

SUBJECT_ID_BYTES = 16


def keyed_hasher(key: bytes) -> hashlib.blake2b:
    """BLAKE2b-128 under `key` (32 bytes): a copy of it takes one identifier."""
    return hashlib.blake2b(key=key, digest_size=SUBJECT_ID_BYTES)


def subject_id(key: bytes, identifier: str) -> bytes:
    """Returns the id of the subject that a canonical identifier ("cui:1234567890101") names."""
    hasher = keyed_hasher(key)
    hasher.update(identifier.encode())
    return hasher.digest()
