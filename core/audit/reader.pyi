"""Reads segments of the audit log: checks every record, hashes them to a tree, gives one by its offset.

The bytes are docs/audit-format.md. `data` is a segment's file, mapped or read: whole, or as far as it reaches yet. What
goes through many records is core/audit/rows.pyx.
"""

from enum import IntEnum, IntFlag
from typing import NamedTuple

from typing_extensions import Buffer, disjoint_base

class Flag(IntFlag):
    """Flags of a question's record: AUDIT_FLAG_* of core/audit/record.pxd."""

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
    """Obstacles to making an answer again: AGAIN_* of core/audit/record.pxd."""

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
    """The kinds of text records: TEXT_* of core/audit/record.pxd."""

    IDENTITY = 1
    GENERATION = 2
    ASKER = 3
    FED = 4

class RecordAltered(ValueError):
    """A record with a wrong check, or an impossible form: its content is unusable. The text gives the reason."""

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
        """Offset where the next record starts, or would."""

    @property
    def problem(self) -> str:
        """The fault of the record at `offset`; empty = none.

        "truncated" (the file ends within it), "check" (its bytes were altered), "place" (removed, repeated or moved),
        "form" (impossible sizes or references).
        """

    @property
    def leaves(self) -> bytes:
        """Leaf hashes of the records behind, 32 bytes each."""

    def root(self) -> bytes:
        """Root of the tree over the records behind."""

def read_body(data: Buffer, offset: int) -> bytes:
    """The body of the record at this offset. Raises ValueError where there is none, RecordAltered."""

def read_header(data: Buffer) -> bytes:
    """The JSON object of the segment's first record. Raises ValueError where there is none, RecordAltered."""

def read_text(data: Buffer, offset: int) -> bytes:
    """Returns the text of the text record at this offset. Raises ValueError where there is none, RecordAltered."""

def read_question(data: Buffer, offset: int) -> Question:
    """The question's record at this offset. Raises ValueError where there is none, RecordAltered."""

def entry_bytes(subject_id: bytes, how: int) -> bytes:
    """Returns an entry for AuditLog.append_record(shown=...): a subject of 16 bytes without other facts. Raises
    ValueError."""
