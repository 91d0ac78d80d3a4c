"""Keeps the state of each source up to one entry beside the ledger, so that a start does not read years of entries.

    ledger/snapshot   a line of JSON (`_Head`); for each feed of it the places and the digests of its numbers; an XXH3

It is written while nothing is missing and nothing waits, so that it depends on no manifest. A reader compares it with
the ledger. If the ledger has another entry at the place, or none, or the file is damaged, the ledger is read whole.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, NamedTuple

import xxhash
from pydantic import BaseModel, ConfigDict, ValidationError

from core.files.regular_file import open_regular
from core.files.replacement import replacing
from core.ledger.frames import SNAPSHOT
from core.ledger.noted import NotedPlace
from server.feed.sequences import KeyOf, Sequences

EVERY = 100_000
"""Entries between two snapshots: some three seconds of reading."""
_HEAD_BYTES = 1 << 24  # of the line; a feed takes some 200
_NUMBER_BYTES = 8


class _Feed(BaseModel):
    """One source's changes of one register, nothing of which is missing (server.feed.sequences.Sequences)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source_name: str
    register_id: str
    through: int
    skipped: dict[int, str]
    stale: str
    came: int
    event_ms: int
    sign_ms: int
    up_to_ms: int


class _Head(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1] = 1
    place: NotedPlace
    began_ms: int  # when the first entry was taken over, UTC
    feeds: list[_Feed]


def _stated(known: Sequences) -> _Feed:
    fields = {name: getattr(known, name) for name in _Feed.model_fields if hasattr(known, name)}
    return _Feed(source_name=known.source, register_id=known.register, **fields)


def _fields(feed: _Feed) -> dict[str, Any]:
    own = feed.model_dump(exclude={"source_name", "register_id"})
    return {"source": feed.source_name, "register": feed.register_id, **own}


class Snapshot(NamedTuple):
    """The content of a snapshot."""

    place: NotedPlace
    began_ms: int
    known: dict[tuple[str, str], Sequences]


def write_snapshot(folder: Path, place: NotedPlace, began_ms: int, known: Iterable[Sequences]) -> bool:
    """Writes it; returns False where something is missing or waits: then the one before stays. Raises OSError.

    folder: <data>/ledger. place: its last entry.
    """
    feeds = list(known)
    if not all(each.is_complete for each in feeds):
        return False
    head = _Head(
        place=place,
        began_ms=began_ms,
        feeds=[_stated(each) for each in feeds],
    )
    digest = xxhash.xxh3_64()
    with replacing(folder / SNAPSHOT, durable=False) as file:
        line: list[bytes | memoryview[int]] = [head.model_dump_json().encode() + b"\n"]
        for part in (*line, *(part for each in feeds for part in each.numbers())):
            digest.update(part)
            file.write(part)
        file.write(digest.digest())
    return True


def noted_place(folder: Path) -> NotedPlace | None:
    """Returns the place that a snapshot is of; None where there is none that can be read."""
    try:
        with open_regular(folder / SNAPSHOT) as file:
            return _Head.model_validate_json(file.readline(_HEAD_BYTES)).place
    except (OSError, ValidationError):
        return None


def read_snapshot(folder: Path, key_of: KeyOf) -> Snapshot | None:
    """Returns the snapshot; None if there is none, or a damaged one. `place` names its ledger."""
    try:
        with open_regular(folder / SNAPSHOT) as file:
            line = file.readline(_HEAD_BYTES)
            head = _Head.model_validate_json(line)
            digest, known = xxhash.xxh3_64(line), {}
            for feed in head.feeds:
                places, digests = array("Q"), array("Q")
                for numbers in (places, digests):  # not by way of bytes: after a year they are 58 MB each
                    numbers.fromfile(file, feed.through + 1)
                    digest.update(memoryview(numbers))
                known[feed.source_name, feed.register_id] = Sequences.complete(key_of, places, digests, **_fields(feed))
            if file.read() != digest.digest():
                return None
    except (OSError, EOFError, ValidationError, OverflowError, MemoryError):
        return None
    return Snapshot(head.place, head.began_ms, known)
