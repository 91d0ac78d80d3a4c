"""Index of a sealed segment: from a keyed hash, or an identity, to its records. Derived: it may be made again.

Readers use an index only when `seals` states its digest: a forged one would hide look-ups.

    +----------------+ 0
    | magic          |  8 bytes "RONDAIX1"
    | hashes         |  u64: rows of the two arrays that follow
    | questions      |  u64: rows of the two after them
    | texts          |  u64: rows of the last
    +----------------+ 32
    | u64[hashes]    |  first eight bytes of each keyed hash (every subject shown, and what was asked), ascending
    | u32[hashes]    |  offset of its record in the segment
    | u32[questions] |  place of the identity's record, ascending
    | u32[questions] |  offset of the question's record
    | u32[texts][3]  |  place, what, offset of each text record
    +----------------+
All integers are little-endian. A row leads to a record; the whole hash in the record decides whether it names the
subject.
"""

from __future__ import annotations

import hashlib
import secrets
import struct
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.audit.rows import index_rows, rows_digest, sorted_digest, text_offsets
from core.files.replacement import replace_file
from server.audit.segments import Mapped, SegmentId, mapped

MAGIC = b"RONDAIX1"
_HEAD = struct.Struct("<8sQQQ")

U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]


class IndexDamaged(Exception):
    """An index file that is none, or cut. Make it again, or read the segment itself."""


class Index:
    """An open index over the bytes of its file."""

    def __init__(self, data: Mapped, size: int) -> None:
        """Raises IndexDamaged."""
        if size < _HEAD.size:
            raise IndexDamaged
        magic, hashes, questions, texts = _HEAD.unpack_from(data, 0)
        if magic != MAGIC or size != _HEAD.size + 12 * hashes + 8 * questions + 12 * texts:
            raise IndexDamaged
        at = _HEAD.size
        self._hashes: U64 = np.frombuffer(data, "<u8", hashes, at)
        at += 8 * hashes
        self._hash_offsets: U32 = np.frombuffer(data, "<u4", hashes, at)
        at += 4 * hashes
        self._identities: U32 = np.frombuffer(data, "<u4", questions, at)
        at += 4 * questions
        self._question_offsets: U32 = np.frombuffer(data, "<u4", questions, at)
        at += 4 * questions
        self._texts: U32 = np.frombuffer(data, "<u4", 3 * texts, at).reshape(-1, 3)

    def holds(self, data: Mapped, end: int) -> bool:
        """Returns whether this indexes exactly the records before offset `end` of a segment's bytes."""
        seed = secrets.randbits(64)
        altered: set[int] = set()
        n_hashes, hashes, n_questions, questions = rows_digest(data, end, seed, altered)
        found = sorted_digest(_flat(self._hashes), _flat(self._hash_offsets), 8, seed)
        askers = sorted_digest(_flat(self._identities), _flat(self._question_offsets), 4, seed)
        return (
            found == (n_hashes, hashes)
            and askers == (n_questions, questions)
            and self.texts() == text_offsets(data, end, altered)
            and not altered
        )

    def of_hash(self, keyed_hash: bytes) -> list[int]:
        """Offsets of records that may name this keyed hash, ascending, each once."""
        wanted = np.frombuffer(keyed_hash, "<u8", 1)[0]
        first, last = np.searchsorted(self._hashes, wanted, "left"), np.searchsorted(self._hashes, wanted, "right")
        return [int(offset) for offset in np.unique(self._hash_offsets[first:last])]

    def of_any(self, keyed_hashes: U64) -> list[int]:
        """Offsets of records that may name one of these (the first eight bytes of each), ascending, each once."""
        first = np.searchsorted(self._hashes, keyed_hashes, "left")
        last = np.searchsorted(self._hashes, keyed_hashes, "right")
        there = np.flatnonzero(first < last)
        found = [self._hash_offsets[first[place] : last[place]] for place in there]
        return [int(offset) for offset in np.unique(np.concatenate(found))] if found else []

    def of_identity(self, place: int) -> list[int]:
        """Returns the offsets of the identity's questions, in order. place: of the identity's text record."""
        first = np.searchsorted(self._identities, np.uint32(place), "left")
        last = np.searchsorted(self._identities, np.uint32(place), "right")
        return [int(offset) for offset in self._question_offsets[first:last]]

    def texts(self) -> list[tuple[int, int, int]]:
        """(place, what, offset) of each text record."""
        return [(int(place), int(what), int(offset)) for place, what, offset in self._texts]


def _flat(rows: U32 | U64) -> memoryview:
    return rows.data.cast("B")


def build_index(data: Mapped, end: int) -> bytes:
    """Returns the index of the records before offset `end` of a segment's bytes.

    b"" = a record is altered. It would be in no index, and a reader of the index would miss it.
    """
    altered: set[int] = set()
    hashes, hash_offsets, identities, question_offsets = index_rows(data, end, altered)
    if altered:
        return b""
    keys = np.frombuffer(hashes, "<u8")
    order = np.argsort(keys, kind="stable")
    askers = np.frombuffer(identities, "<u4")
    asker_order = np.argsort(askers, kind="stable")
    texts = np.array(text_offsets(data, end, altered), "<u4").reshape(-1, 3)
    return b"".join(
        [
            _HEAD.pack(MAGIC, len(keys), len(askers), len(texts)),
            keys[order].tobytes(),
            np.frombuffer(hash_offsets, "<u4")[order].tobytes(),
            askers[asker_order].tobytes(),
            np.frombuffer(question_offsets, "<u4")[asker_order].tobytes(),
            texts.tobytes(),
        ]
    )


def index_sealed(directory: Path, segment: SegmentId, size: int) -> bytes:
    """Makes the index of a sealed segment of so many bytes, if it is still there. Readers see it whole or not at all.

    Returns the SHA-256 of the index; b"" = none was made: the segment is gone, or a record was altered. Raises OSError.
    """
    path = segment.path(directory, ".idx")
    with suppress(FileNotFoundError), mapped(segment.path(directory)) as data:
        content = build_index(data, size)
        if not content:
            return b""
        replace_file(path, content, durable=False)
        return hashlib.sha256(content).digest()
    return b""


@contextmanager
def open_index(directory: Path, segment: SegmentId, sha256: bytes | None) -> Iterator[Index | None]:
    """Opens a segment's index if its digest is in `seals`; else yields None: read the segment then.

    sha256: `Seals.indexed` of the segment. Raises OSError.
    """
    with _opened(directory, segment, lambda data: hashlib.sha256(data).digest() == sha256) as index:
        yield index
        del index  # it borrows the mapping


@contextmanager
def open_unproven_index(directory: Path, segment: SegmentId) -> Iterator[Index | None]:
    """The same whatever it holds, for `verify`. Raises OSError."""
    with _opened(directory, segment, lambda data: True) as index:
        yield index
        del index  # it borrows the mapping


@contextmanager
def _opened(directory: Path, segment: SegmentId, proven: Callable[[Mapped], bool]) -> Iterator[Index | None]:
    with ExitStack() as stack:
        try:
            data = stack.enter_context(mapped(segment.path(directory, ".idx")))
        except OSError:  # none, or a pipe, a directory: the segment has all that it would have
            yield None
            return
        try:
            index = Index(data, len(data)) if proven(data) else None
        except IndexDamaged:
            index = None
        try:
            yield index
        finally:
            del index  # its arrays borrow the mapping, which could not be closed
