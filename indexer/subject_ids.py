"""The subject ids of many identifiers at once (core/identifiers/subject_ids.py)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from core.identifiers.subject_ids import SUBJECT_ID_BYTES, keyed_hasher


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


def ids_of_persons(key: bytes, persons: Iterable[Mapping[str, Any]]) -> list[bytes]:
    """Returns the subject id of each person; linking knows a person by `cui` (a number) or else by `text`."""
    texts = (each["text"] if each["cui"] is None else f"cui:{each['cui']:013d}" for each in persons)
    return [bytes(subject_id) for subject_id in subject_ids(key, texts).to_pylist() if subject_id is not None]
