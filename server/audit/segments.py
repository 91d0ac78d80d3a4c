"""Segments on disk: their paths, their creation, their header.

<audit>/logs/<log>/00000001.seg    records, mode 0600; locked (flock) by the process that writes it
<audit>/logs/<log>/00000001.idx    index of a sealed segment; derived, may be made again
<audit>/logs/<log>/00000001.cut    what lay behind the last whole record after a crash, kept for the auditor
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import mmap
import os
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from core.audit.reader import RecordAltered
from core.audit.reader import read_header as header_text
from core.audit.rows import altered_places
from core.built import ENGINE
from core.documents import json_of
from core.files.regular_file import open_regular
from core.files.replacement import create_file, make_directory
from server.audit.keys import SegmentKeys, current_hash_key, new_query_key, seal_keys

FORMAT = "ronda-audit/1"

Mapped = bytes | mmap.mmap  # a segment's bytes

_FIELDS = {"format", "log", "segment", "made_ms", "hash_key", "recipients"}
_NAME = re.compile(r"^[a-z0-9][a-z0-9-]{0,31}$")
_ONCE = re.compile(r"-[0-9a-f]{16}$")  # the log of one attempt at a task (ronda/spark): nobody writes to it again
_FILE = re.compile(r"^(\d{8})\.seg$")


class SegmentDamaged(Exception):
    """A segment with a header that cannot be read."""


class HeaderAltered(SegmentDamaged):
    """A segment with an altered header."""


@dataclass(frozen=True, order=True)
class SegmentId:
    """Identifies a segment: its log's name and its number in that log, from 1."""

    log: str
    number: int

    def __str__(self) -> str:
        return f"{self.log}/{self.number}"

    @classmethod
    def of(cls, text: str) -> SegmentId:
        """Reads what `str` gives. Raises ValueError."""
        log, _, number = text.rpartition("/")
        if not _NAME.match(log):
            raise ValueError("no segment")
        return cls(log, int(number))

    def path(self, directory: Path, suffix: str = ".seg") -> Path:
        """Its file in the audit directory."""
        return directory / "logs" / self.log / f"{self.number:08d}{suffix}"


class AlteredRecord(NamedTuple):
    """A record that is not as it was written: its check does not hold. place: in its segment."""

    segment: SegmentId
    place: int

    def __str__(self) -> str:
        return f"{self.segment}/{self.place}"


@dataclass(frozen=True)
class NewSegment:
    """An empty segment file, locked, and what its writer needs."""

    id: SegmentId
    descriptor: int
    header: bytes
    keys: SegmentKeys


def goes_on(log: str) -> bool:
    """Returns whether a log may get further segments: then its newest stays, for its number."""
    return _ONCE.search(log) is None


def list_segments(directory: Path) -> list[SegmentId]:
    """Every segment file, by log and number. What has its name and is none (a pipe, a directory) is none."""
    found = []
    for path in (directory / "logs").glob("*/*.seg"):
        if (match := _FILE.match(path.name)) and path.is_file():
            found.append(SegmentId(path.parent.name, int(match[1])))
    return sorted(found)


def last_number(directory: Path, log: str) -> int:
    """The newest segment's number; 0 = the log has none."""
    matches = (_FILE.match(path.name) for path in (directory / "logs" / log).iterdir())
    return max((int(match[1]) for match in matches if match), default=0)


def create_segment(
    directory: Path, log: str, auditors: Sequence[X25519PublicKey], now_ms: int, hash_keys_kept_ms: int = 0
) -> NewSegment:
    """Makes the next segment of a log. Raises OSError, ValueError for a name that is none, KeyFileError."""
    if not _NAME.match(log):
        raise ValueError("a log's name has 1 to 32 of a-z, 0-9 and -")
    make_directory(directory / "logs" / log)
    hash_key = current_hash_key(directory, now_ms, hash_keys_kept_ms)
    keys = SegmentKeys(new_query_key(), hash_key.key)
    number = last_number(directory, log) + 1
    while True:
        segment = SegmentId(log, number)
        try:
            descriptor = create_file(segment.path(directory))
            break
        except FileExistsError:  # another process of the same name was faster
            number += 1
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    header = {
        "format": FORMAT,
        "log": log,
        "segment": number,
        "made_ms": now_ms,
        "hash_key": hash_key.id,
        "engine": ENGINE,
        "recipients": seal_keys(keys, log, number, auditors),
    }
    return NewSegment(segment, descriptor, json.dumps(header, sort_keys=True).encode(), keys)


def read_header(data: Mapped) -> dict[str, Any]:
    """The JSON object of a segment's first record. Raises SegmentDamaged, HeaderAltered."""
    try:
        header: dict[str, Any] = json_of(header_text(data))
    except RecordAltered as error:
        raise HeaderAltered("the header was altered") from error
    except ValueError as error:
        raise SegmentDamaged("the header cannot be read") from error
    if not isinstance(header, dict) or not header.keys() >= _FIELDS:
        raise SegmentDamaged("the header lacks a field")
    return header


@contextmanager
def mapped(path: Path) -> Iterator[Mapped]:
    """A file's bytes without reading them all; empty ones too (which cannot be mapped).

    Raises OSError, also for a pipe or device, which would be waited for.
    """
    with open_regular(path) as file:
        if os.fstat(file.fileno()).st_size == 0:
            yield b""
            return
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    try:
        yield data
    finally:
        # What still borrows it (an array, while an exception passes) frees it with itself.
        with contextlib.suppress(BufferError):
            data.close()


def altered_records(directory: Path, segment: SegmentId, offsets: Collection[int]) -> list[AlteredRecord]:
    """Returns the records at these offsets that are still altered when read again. Raises OSError.

    One at the end of the mapped bytes may be whole by now.
    """
    if not offsets:
        return []
    with mapped(segment.path(directory)) as data:
        return [AlteredRecord(segment, place) for place in altered_places(data, offsets)]
