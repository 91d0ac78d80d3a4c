"""Reads open segments again, to notice a record that is altered after it was signed while the server runs.

The signing process keeps the roots of the records it read. An altered byte does not change what it signs, so only a
second reading finds it. Each round reads a piece of every open segment, up to the record that was read before, then
begins again: 1,000,000 records take some 3 minutes. A segment is read whole when it is sealed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from core.audit.reader import SegmentReader
from server.audit.segments import SegmentId, mapped

_PIECE = 5_000  # records a round, 2 ms


class Altered(NamedTuple):
    """A record that differs from the one that was read. record: its place; 0 where only the root differs."""

    record: int
    offset: int
    why: str


@dataclass
class _Pass:
    records: int  # to be read again
    root: bytes  # that they had
    reader: SegmentReader = field(default_factory=SegmentReader)

    def go_on(self, path: Path, most: int) -> Altered | None:
        before = self.reader.records
        with mapped(path) as data:
            right = self.reader.walk(data, min(self.records, before + most))
        if not right or self.reader.records == before:
            return Altered(self.reader.records, self.reader.offset, self.reader.problem or "removed")
        if self.reader.records == self.records and self.reader.root() != self.root:
            return Altered(0, 0, "root")
        return None


class ReadingAgain:
    """The second readings of one audit directory's open segments."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._passes: dict[SegmentId, _Pass] = {}

    def piece(self, segment: SegmentId, read: SegmentReader) -> Altered | None:
        """Reads a piece again of what was read; returns what is not as it was. Raises OSError."""
        if not read.records:
            return None
        if segment not in self._passes:
            self._passes[segment] = _Pass(read.records, read.root())
        here = self._passes[segment]
        found = here.go_on(segment.path(self._directory), _PIECE)
        if found is not None or here.reader.records == here.records:
            del self._passes[segment]
        return found

    def whole(self, segment: SegmentId, read: SegmentReader) -> Altered | None:
        """Reads all again that was read, for the last time. Raises OSError."""
        self._passes.pop(segment, None)
        if not read.records:
            return None
        return _Pass(read.records, read.root()).go_on(segment.path(self._directory), read.records)
