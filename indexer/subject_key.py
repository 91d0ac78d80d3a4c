"""The key of subject ids, and the ids of many (core/identifiers/subject_ids.py).

Audit, recall and replay name a subject by this id, never by its entity number. The key stays with the data
(<data>/subject.key): without it nobody can try identifiers against ids found in a log.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa

from core.identifiers.subject_ids import SUBJECT_ID_BYTES, keyed_hasher

SUBJECT_KEY = "subject.key"  # in the data directory
KEY_BYTES = 32


class SubjectKeyDamaged(Exception):
    """<data>/subject.key is no 32-byte key. A new one would change every subject id, so none is made in its place."""


def load_or_create_key(path: Path) -> bytes:
    """The 32-byte key at `path`, made of random bytes with mode 0600 when there is none.

    Raises SubjectKeyDamaged when the file has another length.
    """
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        key = secrets.token_bytes(KEY_BYTES)
        draft = path.with_name(f".{path.name}-{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
    if len(key) != KEY_BYTES:
        raise SubjectKeyDamaged(f"{path} holds {len(key)} bytes, not {KEY_BYTES}: restore it from a backup")
    return key


def subject_ids(key: bytes, identifiers: Iterable[str]) -> pa.Array[Any]:
    """BLAKE2b-128 under `key` of each canonical identifier ("cui:1234567890101"), as a binary(16) array."""
    keyed = keyed_hasher(key)
    digests = bytearray()
    count = 0
    for identifier in identifiers:
        digest = keyed.copy()
        digest.update(identifier.encode())
        digests += digest.digest()
        count += 1
    return pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(SUBJECT_ID_BYTES), count, [None, pa.py_buffer(bytes(digests))]
    )
