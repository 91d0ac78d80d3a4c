"""Reads segments of the audit log: checks every record, hashes them to a tree, finds and lists without the GIL.

The bytes are docs/audit-format.md. `data` is a segment's file, mapped or read: whole, or as far as it reaches yet.
"""

from enum import IntEnum, IntFlag
from typing import Any, NamedTuple

from typing_extensions import Buffer, disjoint_base

class Flag(IntFlag):
    """What a question's record says besides what was asked: AUDIT_FLAG_* of core/audit/record.pxd."""

    RETRY = 1
    BREAK_GLASS = 2
    DEVELOPMENT = 4
    OFF_HOURS = 8
    OFF_UNIT = 16
    REPEATED = 32
    ENUMERATION = 64
    DELEGATED = 128
    SUMMED = 256
    CHOSEN_BY_NAME = 512
    DOCUMENT_COMPARED = 1024

class AgainFlag(IntFlag):
    """What stands in the way of making an answer again: AGAIN_* of core/audit/record.pxd."""

    SUPERSEDED = 1
    CONFIRMED = 2
    PAGE_TOKEN = 4
    CLOCK_DOUBTFUL = 8

class How(IntEnum):
    """The way by which a subject came into the answer: HOW_* of core/audit/record.pxd."""

    ASKED = 1
    OWNER = 2
    CANDIDATE = 3
    CLEARANCE = 4
    LISTED = 5
    AUDIT = 6
    SUGGESTED = 7

class TextKind(IntEnum):
    """What a text record holds: TEXT_* of core/audit/record.pxd."""

    IDENTITY = 1
    GENERATION = 2
    ASKER = 3
    FED = 4

class Entry(NamedTuple):
    """A subject shown. subject: keyed hash, 16 bytes; level, kind, flags and register as in `ShownEntry`."""

    subject: bytes
    level: int
    kind: int
    how: int  # How
    flags: int
    row: int
    register: int
    sections: int  # bit (1 << Section)

class Again(NamedTuple):
    """An answer's digest, and what besides the question makes it again: AgainBytes of core/audit/record.pxd."""

    digest: bytes  # 16 bytes
    asker: int  # place of its text record
    fed: int  # the same; 0 = nothing was fed
    standard: int  # ClearanceStandard of a batch of Clear; else 0
    flags: int  # AgainFlag

class Question(NamedTuple):
    """A question's record: QueryHead of core/audit/record.pxd and what follows it."""

    place: int
    time_ms: int
    latency_us: int
    method: int
    purpose: int
    status: int  # 0 = answered, else the ErrorReason
    flags: int  # Flag
    identity: int  # place of its text record; 0 = not known
    generation: int  # the same; 0 = none
    overlay_sequence: int
    answer_id: bytes  # 16 bytes
    asked: bytes  # keyed hash, 16 bytes; zeros = nothing to hash
    case_number: bytes
    request_id: bytes
    entries: tuple[Entry, ...]
    sealed: bytes
    head: bytes  # what the seal is bound to
    again: Again | None

@disjoint_base
class SegmentReader:
    """Walks one segment from its start, and goes on where it stopped when the file has grown."""

    def __new__(cls, keep_leaves: bool = False) -> SegmentReader:
        """keep_leaves: whether `leaves` is filled."""

    def walk(self, data: Buffer, stop: int = ...) -> bool:
        """Walks on to the segment's end, or until `stop` records are behind; False where a record is wrong: `problem`.

        A place that was wrong is tried again by the next call.
        """

    @property
    def records(self) -> int:
        """Records behind, all of them right: also the place of the next one."""

    @property
    def offset(self) -> int:
        """Where the next record starts, or would."""

    @property
    def problem(self) -> str:
        """What is wrong with the record at `offset`; empty = nothing.

        "truncated" (the file ends within it), "check" (its bytes are not those that were written), "place" (removed,
        repeated or moved), "form" (sizes or references that cannot be).
        """

    @property
    def leaves(self) -> bytes:
        """Leaf hashes of the records behind, 32 bytes each."""

    def root(self) -> bytes:
        """Root of the tree over the records behind."""

def index_rows(data: Buffer, end: int) -> tuple[bytes, bytes, bytes, bytes]:
    """What an index holds of the records before offset `end`, in file order.

    Returns the first eight bytes of each keyed hash (u64: every subject shown, and what was asked), the offset of its
    record (u32); the identity of each question (u32) and the offset of its record (u32).
    """

def rows_digest(data: Buffer, end: int, seed: int) -> tuple[int, int, int, int]:
    """Number and digest of what `index_rows` gives: of the hashes with their offsets, of the identities with theirs.

    A digest is the sum of seeded hashes of the rows, so that it does not depend on their order; with a seed that nobody
    knew when an index was made, no other rows are likely to have it.
    """

def sorted_digest(keys: Buffer, offsets: Buffer, key_size: int, seed: int) -> tuple[int, int] | None:
    """Number and digest of an index's rows; None when the keys (of 4 or 8 bytes, u64 or u32) do not ascend.

    Raises ValueError when there are not as many keys as offsets.
    """

def find_hash(data: Buffer, start: int, end: int, wanted: bytes) -> list[int]:
    """Offsets of the records from offset `start` to `end` that show this keyed hash, or were asked it; reads all."""

def read_body(data: Buffer, offset: int) -> bytes:
    """The body of the record at this offset. Raises ValueError where there is no whole one."""

def read_header(data: Buffer) -> bytes:
    """The JSON object of the segment's first record. Raises ValueError where there is no whole header."""

def read_text(data: Buffer, offset: int) -> bytes:
    """What the text record at this offset holds. Raises ValueError where there is none."""

def read_question(data: Buffer, offset: int) -> Question:
    """The question's record at this offset. Raises ValueError where there is no whole one."""

def entry_bytes(subject_id: bytes, how: int) -> bytes:
    """For AuditLog.append_record(shown=...): a subject of 16 bytes of whom nothing else is said. Raises ValueError."""

def text_offsets(data: Buffer, end: int) -> list[tuple[int, int, int]]:
    """(place, what, offset) of the text records before offset `end`."""

# What numpy.dtype takes: the rows of `query_rows`, as far as anybody reads them.
QUESTION_ROW: Any  # method, flags, time_ms, identity, answer_id, offset
ENTRY_ROW: Any  # question (its number among the rows), subject, how

def query_rows(data: Buffer, end: int) -> tuple[bytes, bytes]:
    """For the report, of a segment before offset `end`: the questions as QUESTION_ROW, the entries as ENTRY_ROW."""

def recorded_rows(data: Buffer, end: int) -> tuple[int, int]:
    """Of a segment before offset `end`: how many questions, and how many rows the answered batches of Clear had."""
