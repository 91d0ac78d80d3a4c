"""A ledger's bytes, read a second time from the drawing in core/ledger/frames.py alone: slow, and whole at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import xxhash

HEAD = 64


def number(data: bytes) -> int:
    return int.from_bytes(data, "little")


def entries(path: Path, *, length: int | None = None) -> list[dict[str, Any]]:
    """Every entry that holds, from the first on, each with `sequence`, `end`, `batch`, until one does not."""
    data = path.read_bytes()[:length]
    if data[:8] != b"RONDALED" or number(data[8:12]) != 1 or number(data[32:40]) != xxhash.xxh3_64_intdigest(data[:32]):
        raise ValueError("no head")
    found: list[dict[str, Any]] = []
    place = HEAD
    while data[place : place + 4] == b"RLF1":
        size = number(data[place + 4 : place + 8])
        payload = data[place + 40 : place + 40 + size]
        end = place + 40 + size
        end += -end % 8
        checksum = xxhash.xxh3_64_intdigest(data[place : place + 32] + payload)
        if end > len(data) or checksum != number(data[place + 32 : place + 40]):
            break
        sequence = number(data[place + 8 : place + 16])
        if sequence != len(found) + 1:
            break
        batch = number(data[place + 16 : place + 24])
        found.append({**json.loads(payload), "sequence": sequence, "end": end, "batch": batch})
        place = end
    return found
