"""Statements of issuing institutions about hits, as written by the one process that writes confirmations.

<data>/confirmations/shown.json: a list of [key, denied, fields], key and fields in Base64 (core.call.confirmations).
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

from core.call.confirmations import Confirmations
from core.documents import json_of
from core.files.regular_file import read_file

FOLDER = "confirmations"  # in the data directory
FILE = "shown.json"
_SUBJECT_BYTES = 16


@dataclass(frozen=True)
class SaidOfHits:
    """The engine's table, and its keys of the hits that are denied."""

    table: Confirmations | None
    denied: frozenset[bytes]


def read_said_of_hits(data: Path) -> SaidOfHits:
    """Reads the statements; without a table if none was ever asked for. Raises OSError, ValueError."""
    try:
        text = read_file(data / FOLDER / FILE)
    except FileNotFoundError:
        return SaidOfHits(None, frozenset())
    rows = [(base64.b64decode(key), denied, base64.b64decode(fields)) for key, denied, fields in json_of(text)]
    return SaidOfHits(Confirmations(rows), frozenset(key for key, denied, _ in rows if denied))


def record_of(key: bytes) -> tuple[str, str]:
    """Register and record of a hit's key."""
    register, _, record = key[_SUBJECT_BYTES:].partition(b"\0")
    return register.decode(), record.decode()
