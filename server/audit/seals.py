"""The file `seals`: one JSON object a line for each segment that was sealed, for its index, and for its drop.

Its lines are the leaves of a Merkle tree that every checkpoint binds. It is never shortened: of a dropped segment the
root stays.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.audit.merkle import Tree
from core.documents import json_of
from core.files.regular_file import read_file
from server.audit.segments import SegmentId

SEALS_FILE = "seals"
YEAR_MS = 31_557_600_000  # 365.25 days
BELIEVED_AHEAD_MS = 60 * 86_400_000


class SealsDamaged(Exception):
    """A line of `seals` that is none. line: from 1."""

    def __init__(self, line: int) -> None:
        super().__init__(f"line {line} of {SEALS_FILE} cannot be read")
        self.line = line


@dataclass(frozen=True)
class Seal:
    """A sealed segment. Times in ms UTC: when it was made and sealed; its records lie between."""

    segment: SegmentId
    records: int
    size: int  # bytes
    root: bytes
    made_ms: int
    sealed_ms: int
    cut_bytes: int = 0  # bytes behind the last whole record, cut after a crash

    def line(self) -> bytes:
        """The line, without its end."""
        return json.dumps(
            {
                "seal": self.segment.log,
                "segment": self.segment.number,
                "records": self.records,
                "bytes": self.size,
                "root": self.root.hex(),
                "made_ms": self.made_ms,
                "sealed_ms": self.sealed_ms,
                "cut_bytes": self.cut_bytes,
            }
        ).encode()


@dataclass(frozen=True)
class Drop:
    """A segment with its records removed after their years."""

    segment: SegmentId
    years: int
    dropped_ms: int

    def line(self) -> bytes:
        """The line, without its end."""
        return json.dumps(
            {
                "drop": self.segment.log,
                "segment": self.segment.number,
                "years": self.years,
                "dropped_ms": self.dropped_ms,
            }
        ).encode()


@dataclass(frozen=True)
class Indexed:
    """The index of a sealed segment, made after its seal. sha256: of the file's bytes; the newest line counts."""

    segment: SegmentId
    sha256: bytes

    def line(self) -> bytes:
        """The line, without its end."""
        return json.dumps(
            {"index": self.segment.log, "segment": self.segment.number, "sha256": self.sha256.hex()}
        ).encode()


@dataclass
class Seals:
    """The file, read. lines: without their ends, the leaves of the tree."""

    lines: list[bytes] = field(default_factory=list)
    sealed: dict[SegmentId, Seal] = field(default_factory=dict)
    place: dict[SegmentId, int] = field(default_factory=dict)  # of a segment's seal among the lines
    dropped: dict[SegmentId, Drop] = field(default_factory=dict)
    indexed: dict[SegmentId, bytes] = field(default_factory=dict)  # SHA-256 of each segment's index
    tree: Tree = field(default_factory=Tree)
    _newest_ms: int = 0  # `sealed_ms` of all so far
    _newest_until: dict[SegmentId, int] = field(default_factory=dict)  # the same up to a segment's seal

    def add(self, entry: Seal | Drop | Indexed) -> None:
        """Takes a line in, in memory only."""
        if isinstance(entry, Seal):
            self._newest_ms = max(self._newest_ms, entry.sealed_ms)
            self._newest_until[entry.segment] = self._newest_ms
            self.sealed[entry.segment] = entry
            self.place[entry.segment] = len(self.lines)
        elif isinstance(entry, Indexed):
            self.indexed[entry.segment] = entry.sha256
        else:
            self.dropped[entry.segment] = entry
        self.lines.append(entry.line())
        self.tree.append(entry.line())

    def sealed_times(self, until_ms: int) -> dict[SegmentId, int]:
        """Returns for each sealed segment the newest believable `sealed_ms` of its own and of the seals before it.

        The clock may have been behind when it was sealed. A time of more than 60 days after `until_ms` is not
        believable. A segment without a believable time is left out.
        """
        times = {}
        newest: int | None = None
        for segment, seal in self.sealed.items():  # in the order of the file
            if seal.sealed_ms <= until_ms + BELIEVED_AHEAD_MS:
                newest = max(seal.sealed_ms, newest if newest is not None else seal.sealed_ms)
            if newest is not None:
                times[segment] = newest
        return times

    def dropped_early(self, drop: Drop) -> bool:
        """Returns whether a segment was dropped before its years were over."""
        if drop.dropped_ms - self._newest_until[drop.segment] >= drop.years * YEAR_MS:
            return False  # whatever of those times is believable
        at = self.sealed_times(drop.dropped_ms).get(drop.segment)
        return at is None or drop.dropped_ms - at < drop.years * YEAR_MS


def read_line(line: bytes, number: int = 1) -> Seal | Drop | Indexed:
    """Returns the content of a line. number: its place in the file, from 1. Raises SealsDamaged."""
    try:
        fields: dict[str, Any] = json_of(line)
        if "seal" in fields:
            return Seal(
                SegmentId(fields["seal"], int(fields["segment"])),
                int(fields["records"]),
                int(fields["bytes"]),
                bytes.fromhex(fields["root"]),
                int(fields["made_ms"]),
                int(fields["sealed_ms"]),
                int(fields["cut_bytes"]),
            )
        if "index" in fields:
            return Indexed(SegmentId(fields["index"], int(fields["segment"])), bytes.fromhex(fields["sha256"]))
        return Drop(SegmentId(fields["drop"], int(fields["segment"])), int(fields["years"]), int(fields["dropped_ms"]))
    except (ValueError, KeyError, TypeError):
        raise SealsDamaged(number) from None


def read_seals(directory: Path) -> Seals:
    """The file `seals`; empty when there is none. A last line without its end (a crash) is left out.

    Raises SealsDamaged.
    """
    seals = Seals()
    path = directory / SEALS_FILE
    if not path.exists():
        return seals
    for number, line in enumerate(read_file(path).split(b"\n")[:-1], 1):
        entry = read_line(line, number)
        if entry.line() != line:
            raise SealsDamaged(number)
        seals.add(entry)
    return seals


def append_seals(directory: Path, entries: Sequence[Seal | Drop | Indexed]) -> None:
    """Writes lines at the end and puts them on disk; an unfinished last line is cut first. Raises OSError."""
    descriptor = os.open(directory / SEALS_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        whole = os.pread(descriptor, os.fstat(descriptor).st_size, 0).rfind(b"\n") + 1
        os.ftruncate(descriptor, whole)
        data = b"".join(entry.line() + b"\n" for entry in entries)
        if os.pwrite(descriptor, data, whole) != len(data):
            raise OSError(0, "seals were written in part")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
