"""A ledger's bytes, read a second time from the drawings in core/ledger/frames.py and archive.py alone: slow, and whole
at once.
"""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

import xxhash

HEAD = 64


def number(data: bytes) -> int:
    return int.from_bytes(data, "little")


def entries(path: Path, *, length: int | None = None) -> list[dict[str, Any]]:
    """Every entry that holds, from the first on, each with `sequence`, `end`, `batch`, until one does not."""
    data = path.read_bytes()[:length]
    if data[:8] != b"RONDALED" or number(data[32:40]) != xxhash.xxh3_64_intdigest(data[:32]):
        raise ValueError("no head")
    found: list[dict[str, Any]] = []
    place, before = HEAD, 0
    if number(data[8:12]) == 2:
        if number(data[88:96]) != xxhash.xxh3_64_intdigest(data[:88]):
            raise ValueError("no head")
        place, before = 128, number(data[48:56])
    while data[place : place + 4] == b"RLF1":
        size = number(data[place + 4 : place + 8])
        payload = data[place + 40 : place + 40 + size]
        end = place + 40 + size
        end += -end % 8
        checksum = xxhash.xxh3_64_intdigest(data[place : place + 32] + payload)
        if end > len(data) or checksum != number(data[place + 32 : place + 40]):
            break
        sequence = number(data[place + 8 : place + 16])
        if sequence != before + len(found) + 1:
            break
        batch = number(data[place + 16 : place + 24])
        found.append({**json.loads(payload), "sequence": sequence, "end": end, "batch": batch})
        place = end
    return found


def whole_series(folder: Path) -> bytes:
    """Archive and log as one file of format 1."""
    log = (folder / "changes.log").read_bytes()
    series, rest = log[:HEAD], log[HEAD:]
    if number(log[8:12]) == 2:
        series = log[:8] + b"\x01\0\0\0" + log[12:32]
        series += xxhash.xxh3_64_intdigest(series).to_bytes(8, "little") + bytes(24)
        for path in sorted((folder / "archive").glob("*.seg")):
            data = path.read_bytes()
            assert number(data[32:40]) == len(series)
            at = number(data[64:72])
            for piece in range(number(data[12:16])):
                begin, stored = (number(data[at + 40 * piece + field :][:8]) for field in (16, 24))
                series += zlib.decompress(data[begin : begin + stored])
        assert len(series) == number(log[40:48])
        rest = log[128:]
    return series + rest
