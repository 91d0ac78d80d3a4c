"""Sealed segments of a ledger's first entries, which the log no longer has: archive and log are one series.

    archive/<first sequence>-<last>.seg
    head    192 bytes: "RONDAARC", u32 format, u32 pieces, 16 bytes id of the ledger, u64 place of the first frame and
            u64 place behind the last (core/ledger/frames.py), u64 sequence before the first and u64 of the last,
            u64 byte of the index, 32 bytes seal of all before it, 32 bytes seal, u64 XXH3-64 of the index,
            u64 XXH3-64 of what is before, zeros
    pieces  frames as they lay in the log, some MiB together, each piece compressed by itself (zlib)
    index   for each piece: u64 place, u64 sequence before it, u64 byte in the file, u64 bytes there, u64 of frames

A seal is SHA-256 of the seal before and of the frames. The last one stands in the head of the log, so that no segment
can be altered, left out or replaced by another. A segment may be moved away: its entries cannot be read then. Segments
behind the log's beginning come from an archiving that was killed, and are ignored. Little-endian throughout.
"""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import xxhash

from core.errors import LedgerArchiveAway, LedgerDamaged
from core.files.regular_file import open_regular
from core.files.replacement import create_file, sync_directory
from core.ledger.frames import ARCHIVE, Bytes, Head, read_frame

FORMAT = 1
SEGMENT = ".seg"
SEGMENT_BYTES = 256 << 20  # of frames, at most
_PIECE_BYTES = 1 << 20
_LEVEL = 6
_MAGIC = b"RONDAARC"
_HEAD = struct.Struct("<8sII16sQQQQQ32s32sQ")
_SUM = struct.Struct("<Q")
HEAD_BYTES = 192
_PIECE = struct.Struct("<QQQQQ")
_PIECES_MOST = 1 << 20


class Piece(NamedTuple):
    """Frames that are compressed together."""

    first: int  # place
    before: int  # sequence before its first
    at: int  # byte of the file
    stored: int  # bytes there
    size: int  # bytes of frames


class Segment(NamedTuple):
    """A segment, as its head has it."""

    path: Path
    ledger_id: bytes
    first: int
    end: int
    before: int
    last: int
    seal_before: bytes
    seal: bytes
    pieces: tuple[Piece, ...]


class Place(NamedTuple):
    """The place behind an entry: its sequence, the start of the next, and the seal of all up to there."""

    sequence: int
    offset: int
    seal: bytes


def archive_format(head: bytes) -> int | None:
    """The format that a segment's head states; None = it is none."""
    if len(head) < _HEAD.size + _SUM.size or head[:8] != _MAGIC:
        return None
    if _SUM.unpack_from(head, _HEAD.size)[0] != xxhash.xxh3_64_intdigest(head[: _HEAD.size]):
        return None
    return int(_HEAD.unpack_from(head)[1])


def segment_files(folder: Path) -> list[Path]:
    """The files of a ledger's archive, oldest first. folder: <data>/ledger."""
    return sorted((folder / ARCHIVE).glob(f"[0-9]*{SEGMENT}"))


def read_segment(path: Path) -> Segment:
    """Raises LedgerDamaged, OSError."""
    with open_regular(path) as file:
        head = file.read(HEAD_BYTES)
        if archive_format(head) != FORMAT:
            raise LedgerDamaged(0, f"{path.name}: its head is not one that this version reads")
        _, _, count, ledger_id, first, end, before, last, at, seal_before, seal, told = _HEAD.unpack_from(head)
        file.seek(at)
        index = file.read(_PIECE.size * min(count, _PIECES_MOST))
    if len(index) != _PIECE.size * count or xxhash.xxh3_64_intdigest(index) != told:
        raise LedgerDamaged(first, f"{path.name}: its index does not hold")
    pieces = tuple(Piece(*fields) for fields in _PIECE.iter_unpack(index))
    return Segment(path, ledger_id, first, end, before, last, seal_before, seal, pieces)


class Archive:
    """The segments of a ledger's archive that are here, up to where its log begins; read when first asked for."""

    def __init__(self, folder: Path, head: Head) -> None:
        self._folder, self._head = folder, head
        self._segments: list[Segment] | None = None
        self._held: tuple[Piece, bytes] | None = None

    @property
    def segments(self) -> list[Segment]:
        """Returns the segments on this disk, oldest first. Raises LedgerDamaged, OSError."""
        if self._segments is None:
            found = (read_segment(path) for path in segment_files(self._folder))
            ours = [each for each in found if each.ledger_id == self._head.ledger_id and each.end <= self._head.first]
            self._segments = sorted(ours, key=lambda each: each.first)
        return self._segments

    def read(self, size: int, place: int) -> bytes:
        """Bytes of one frame. Raises LedgerArchiveAway, LedgerDamaged, OSError."""
        if self._held is None or not 0 <= place - self._held[0].first < self._held[0].size:
            segment = self._segment_at(place)
            at = bisect_right(segment.pieces, place, key=lambda piece: piece.first) - 1
            self._held = segment.pieces[at], _frames(segment, segment.pieces[at])
        begin = place - self._held[0].first
        return self._held[1][begin : begin + size]

    def _segment_at(self, place: int) -> Segment:
        at = bisect_right(self.segments, place, key=lambda segment: segment.first) - 1
        if at < 0 or place >= self.segments[at].end:
            later = self.segments[at + 1].before if at + 1 < len(self.segments) else self._head.before
            earlier = self.segments[at].last if at >= 0 else 0
            raise LedgerArchiveAway(place, f"entries {earlier + 1} to {later}")
        return self.segments[at]

    def near(self, sequence: int) -> tuple[int, int] | None:
        """An entry at or before this sequence and the place behind it; None where its segment is not here."""
        for segment in self.segments:
            if segment.before <= sequence < segment.last:
                at = bisect_right(segment.pieces, sequence, key=lambda piece: piece.before) - 1
                return segment.pieces[at].before, segment.pieces[at].first
        return None

    def away(self) -> list[tuple[int, int]]:
        """First and last sequence of each run of entries that is archived and not here. Raises as `segments`."""
        lacking, sequence = [], 0
        for before, last in [*((each.before, each.last) for each in self.segments), (self._head.before,) * 2]:
            if before > sequence:
                lacking.append((sequence + 1, before))
            sequence = max(sequence, last)
        return lacking

    def verify(self) -> None:
        """Reads every segment that is here and holds it against the seals. Raises LedgerDamaged, OSError."""
        end, seal = None, b""
        for segment in self.segments:
            if segment.first == end and segment.seal_before != seal:
                raise LedgerDamaged(segment.first, f"{segment.path.name}: it does not go on from the one before it")
            state = hashlib.sha256(segment.seal_before)
            for piece in segment.pieces:
                state.update(_frames(segment, piece))
            if state.digest() != segment.seal:
                raise LedgerDamaged(segment.first, f"{segment.path.name}: its seal does not hold")
            end, seal = segment.end, segment.seal
        if end == self._head.first and seal != self._head.seal:
            raise LedgerDamaged(self._head.first, "the archive is not the one that this log goes on from")


def _frames(segment: Segment, piece: Piece) -> bytes:
    try:
        with open_regular(segment.path) as file:
            file.seek(piece.at)
            stored = file.read(piece.stored)
        frames = zlib.decompress(stored, bufsize=piece.size)
    except FileNotFoundError:
        raise LedgerArchiveAway(piece.first, segment.path.name) from None
    except zlib.error as error:
        raise LedgerDamaged(piece.first, f"{segment.path.name}: {error}") from error
    if len(frames) != piece.size:
        raise LedgerDamaged(piece.first, f"{segment.path.name}: a piece does not hold")
    return frames


def write_segments(
    folder: Path, ledger_id: bytes, data: Bytes, begin: Place, to: int, go_on: Callable[[], bool] = lambda: True
) -> Place | None:
    """Archives the entries from a place up to another, durably; returns their end.

    folder: <data>/ledger. to: where a frame begins. go_on: called between pieces; if it returns False, the result is
    None. Segments behind the beginning are removed: nothing rests on them. Raises LedgerDamaged, OSError.
    """
    (folder / ARCHIVE).mkdir(mode=0o700, exist_ok=True)
    for path in segment_files(folder):
        if int(path.name.split("-")[0]) > begin.sequence:
            path.unlink()
    for path in (folder / ARCHIVE).glob(".*"):
        path.unlink()
    while begin.offset < to:
        pieces = _pieces(data, begin, to)
        placed = _write_segment(folder, ledger_id, begin, pieces, go_on)
        if placed is None:
            return None
        begin = placed
    sync_directory(folder / ARCHIVE)
    sync_directory(folder)
    return begin


def _pieces(data: Bytes, begin: Place, to: int) -> Iterator[tuple[int, bytes, int]]:
    """Sequence before, frames and last sequence of each piece of one segment. Raises LedgerDamaged."""
    place, sequence, end = begin.offset, begin.sequence, min(to, begin.offset + SEGMENT_BYTES)
    while place < end:
        first, before = place, sequence
        while place < end and place - first < _PIECE_BYTES:
            frame = read_frame(data, place, to)
            if frame is None or frame.sequence != sequence + 1:
                raise LedgerDamaged(place, "an entry does not hold")
            place, sequence = frame.end, frame.sequence
        yield before, data(place - first, first), sequence


def _write_segment(
    folder: Path, ledger_id: bytes, begin: Place, pieces: Iterator[tuple[int, bytes, int]], go_on: Callable[[], bool]
) -> Place | None:
    state = hashlib.sha256(begin.seal)
    index: list[Piece] = []
    place, last = begin.offset, begin.sequence
    draft = folder / ARCHIVE / f".{begin.sequence + 1}"
    with os.fdopen(create_file(draft), "wb") as file:
        file.write(bytes(HEAD_BYTES))
        for before, frames, sequence in pieces:
            if not go_on():
                return None
            stored = zlib.compress(frames, _LEVEL)
            index.append(Piece(place, before, file.tell(), len(stored), len(frames)))
            file.write(stored)
            state.update(frames)
            place, last = place + len(frames), sequence
        at, packed = file.tell(), b"".join(_PIECE.pack(*each) for each in index)
        file.write(packed)
        seal, told = state.digest(), xxhash.xxh3_64_intdigest(packed)
        head = _HEAD.pack(
            *(_MAGIC, FORMAT, len(index), ledger_id, begin.offset, place, begin.sequence, last, at),
            *(begin.seal, seal, told),
        )
        file.seek(0)
        file.write(head + _SUM.pack(xxhash.xxh3_64_intdigest(head)))
        file.flush()
        os.fsync(file.fileno())
    draft.rename(folder / ARCHIVE / f"{begin.sequence + 1:012}-{last:012}{SEGMENT}")
    return Place(last, place, seal)
