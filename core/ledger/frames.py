"""The bytes of `changes.log`, drawn and decoded here alone.

    head    64 bytes: "RONDALED", u32 format, u32 0, 16 bytes id of the ledger, u64 XXH3-64 of those 32 bytes, zeros
            format 2, of a ledger with archived first entries (core/ledger/archive.py): 128 bytes, and behind
            those 40 u64 place of the first frame, u64 sequence of the entry before it, 32 bytes seal of what is
            archived, u64 XXH3-64 of the 88 bytes before
    frame   40 bytes, payload (core/ledger/change.py), zeros up to a multiple of 8:

            u32 "RLF1"   u32 bytes of the payload
            u64 sequence: 1, 2, 3...
            u64 place where the write began that this frame is part of: all before it was durable by then
            i64 UTC milliseconds when it was taken over
            u64 XXH3-64 of the 32 bytes before and the payload

A place is a byte of the whole series, archive and log, as it would lie in one file of format 1. It stays the same when
entries are archived.

`durable`, beside it, 40 bytes that are written over after each fdatasync: the ledger's id, u64 bytes of the series and
u64 last sequence that are on disk, u64 XXH3-64 of those 32 bytes. It is never ahead of the disk; after a power cut it
may be behind. Little-endian throughout.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import NamedTuple

import xxhash

from core.ledger.change import PAYLOAD_BYTES

LOG, DURABLE, LOCK = "changes.log", "durable", "writer.lock"
ARCHIVE = "archive"  # sealed segments of what is in the log no more
ARCHIVE_LOCK = "archive.lock"  # held while entries are archived, and shared while a copy is taken
REGISTERS = "registers"  # ids of the registers that the log has entries of, a line each; never too few
BEAT = "beat"  # touched while changes can be taken over
SNAPSHOT = "snapshot"  # what the entries up to one of them say of who feeds (server.feed.snapshot); can be made again
HEAD_BYTES = 64  # and so the place of the first entry of all
FORMAT, FORMAT_WHOLE = 2, 1
"""Formats of a log: behind archived entries; with all of its entries, as earlier versions write it."""
MOST_HEAD_BYTES = 128
SEAL_BYTES = 32
_MAGIC = b"RONDALED"
_HEAD = struct.Struct("<8sII16s")
_CUT = struct.Struct("<QQ32s")  # behind _HEAD and its sum
_FRAME = struct.Struct("<4sIQQq")
_DURABLE = struct.Struct("<16sQQ")
_SUM = struct.Struct("<Q")
_FRAME_MAGIC = b"RLF1"
_FRAME_BYTES = _FRAME.size + _SUM.size


Bytes = Callable[[int, int], bytes]
"""Returns so many bytes at a place of the series; fewer at its end."""


class Head(NamedTuple):
    """The head of a log."""

    ledger_id: bytes
    first: int  # place of its first frame
    before: int  # sequence of the entry before that; 0 = nothing is archived
    seal: bytes  # of what is archived; zeros of nothing
    size: int  # of the head itself

    @property
    def shift(self) -> int:
        """Bytes by which a place is further than the byte of the file."""
        return self.first - self.size


class Frame(NamedTuple):
    """One entry as it lies in the file."""

    sequence: int
    batch: int  # place where its write began
    taken_ms: int
    payload: bytes
    end: int  # place behind it


class DurableEnd(NamedTuple):
    """The durable part of a ledger."""

    ledger_id: bytes
    length: int
    sequence: int


def head_bytes(ledger_id: bytes) -> bytes:
    """The head of a new ledger."""
    head = _HEAD.pack(_MAGIC, FORMAT_WHOLE, 0, ledger_id)
    return _summed(head).ljust(HEAD_BYTES, b"\0")


def cut_head_bytes(ledger_id: bytes, first: int, before: int, seal: bytes) -> bytes:
    """The head of a log that begins at a place, behind the entry `before`: all up to that is archived."""
    head = _summed(_HEAD.pack(_MAGIC, FORMAT, 0, ledger_id)) + _CUT.pack(first, before, seal)
    return _summed(head).ljust(MOST_HEAD_BYTES, b"\0")


def head_of(data: bytes) -> Head | None:
    """The head of a file that begins so; None where it is none that this version reads."""
    version, whole = head_format(data), _HEAD.size + _SUM.size
    if version is None:
        return None
    ledger_id = bytes(_HEAD.unpack_from(data)[3])
    if version == FORMAT_WHOLE:
        return Head(ledger_id, HEAD_BYTES, 0, bytes(SEAL_BYTES), HEAD_BYTES)
    if version != FORMAT or _unsummed(data[: whole + _CUT.size + _SUM.size], whole + _CUT.size) is None:
        return None
    first, before, seal = _CUT.unpack_from(data, whole)
    return Head(ledger_id, first, before, bytes(seal), MOST_HEAD_BYTES)


def head_format(data: bytes) -> int | None:
    """The format that a file's head states, be it one that this version reads or not; None = it is no ledger's."""
    known = _unsummed(data[: _HEAD.size + _SUM.size], _HEAD.size)
    if known is None:
        return None
    magic, version, _, _ = _HEAD.unpack(known)
    return int(version) if magic == _MAGIC else None


def frame_bytes(sequence: int, batch: int, taken_ms: int, payload: bytes) -> bytes:
    """One frame, with its padding."""
    head = _FRAME.pack(_FRAME_MAGIC, len(payload), sequence, batch, taken_ms)
    frame = head + _SUM.pack(xxhash.xxh3_64_intdigest(head + payload)) + payload
    return frame.ljust(_padded(len(frame)), b"\0")


def read_frame(data: Bytes, place: int, limit: int) -> Frame | None:
    """The frame at this place; None where none stands whole and true below `limit`. Raises OSError."""
    if place + _FRAME_BYTES > limit:
        return None
    head = data(_FRAME_BYTES, place)
    if len(head) < _FRAME_BYTES:
        return None
    magic, size, sequence, batch, taken_ms = _FRAME.unpack_from(head)
    end = place + _padded(_FRAME_BYTES + size)
    if magic != _FRAME_MAGIC or size > PAYLOAD_BYTES or end > limit:
        return None
    payload = data(size, place + _FRAME_BYTES)
    (told,) = _SUM.unpack_from(head, _FRAME.size)
    if len(payload) < size or xxhash.xxh3_64_intdigest(head[: _FRAME.size] + payload) != told:
        return None
    return Frame(sequence, batch, taken_ms, payload, end)


def later_write(data: Bytes, place: int, end: int) -> int | None:
    """Place of a true frame that was written once all up to `place`, and more, was on disk; None = there is none.

    Behind a torn tail none can be: a tail is the last write. Raises OSError.
    """
    block, overlap = 1 << 20, len(_FRAME_MAGIC) - 1
    at = place
    while at < end:
        searched = data(block + overlap, at)
        found = searched.find(_FRAME_MAGIC)
        while found >= 0:
            frame = read_frame(data, at + found, end)
            if frame is not None and frame.batch > place:
                return at + found
            found = searched.find(_FRAME_MAGIC, found + 1)
        at += block
    return None


def durable_bytes(end: DurableEnd) -> bytes:
    """Returns the content of `durable`."""
    return _summed(_DURABLE.pack(*end))


def durable_of(data: bytes) -> DurableEnd | None:
    """Returns the content of `durable`; None if it is cut, being written over, or another file."""
    known = _unsummed(data, _DURABLE.size)
    return DurableEnd(*_DURABLE.unpack(known)) if known is not None else None


def _summed(data: bytes) -> bytes:
    return data + _SUM.pack(xxhash.xxh3_64_intdigest(data))


def _unsummed(data: bytes, size: int) -> bytes | None:
    if len(data) != size + _SUM.size or _SUM.unpack_from(data, size)[0] != xxhash.xxh3_64_intdigest(data[:size]):
        return None
    return data[:size]


def _padded(size: int) -> int:
    return (size + 7) & ~7
