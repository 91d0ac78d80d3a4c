"""One list, and what its steps made of it: what of the newest view it lacks is appended as steps."""

from __future__ import annotations

import bisect
import zlib
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from google.protobuf.timestamp_pb2 import Timestamp

from ronda.v1 import hotlist_service_pb2
from ronda.v1.hotlist_service_pb2 import HotlistBlock, HotlistHeader, HotlistKey, HotlistStep
from server.calls.said_of_hits import record_of
from server.hotlist.entries import Listed, Listing, ListKey
from server.hotlist.list_file import ListFile, read_list
from server.hotlist.steps_file import STEP_BYTES, StepsFile, read_steps, told_keys, touch_beat, watched_keys

_AT_ONCE = 2_000  # identifiers that are asked about before others have their turn
_AS_OF_S = 60.0  # a register's time that moves on so far is sent by itself
_LEAST_BYTES = 256 * 1024  # of steps, before the list is made anew for their sake
_SHARE = 5  # of a list's bytes


class Followed:
    """A list that is there. For one thread. Raises OSError, ValueError, KeyError where it, or its steps, are not."""

    def __init__(self, path: Path) -> None:
        found = read_list(path)
        if found is None:
            raise FileNotFoundError(path.name)
        self.file: ListFile = found
        self._steps: StepsFile = read_steps(path, found.list_id)
        self._told = HotlistHeader.FromString(found.registers)  # registers and data_as_of, as they were sent last
        self._now: dict[ListKey, bytes] = {}  # of what a step named
        self.due = watched_keys(path)  # identifiers that may lead elsewhere by now
        self._denied: frozenset[bytes] | None = None  # hits that are so in it; None = nobody knows
        for step in self._steps.steps:
            self._take(step.content)
            self.due |= told_keys(step.content)
        self._blocks = list(found.blocks())
        self._firsts = [_first(block) for block in self._blocks]

    @property
    def is_long(self) -> bool:
        """True if the list had better be made anew."""
        return self._steps.step_bytes > max(_LEAST_BYTES, sum(self.file.sizes) // _SHARE)

    def is_new(self, denied: frozenset[bytes]) -> None:
        """Notes that the list was just made of the newest view, with these hits denied."""
        self.due.clear()
        self._denied = denied

    def take_denied(self, denied: frozenset[bytes]) -> None:
        """Makes due what a hit that is denied by now, or no more, stands under."""
        before, self._denied = self._denied, denied
        if before == denied:
            return
        records = {record_of(key) for key in (denied if before is None else denied ^ before)}
        for (kind, _), entry in self._entries():
            named = (entry.record.register_id, entry.record.record_id) in records
            if named or (before is None and entry.record.possible):
                self.due.add((kind, entry.key))

    def _entries(self) -> Iterator[tuple[ListKey, hotlist_service_pb2.HotlistEntry]]:
        """Yields the entries of the list as it was made, and of its steps."""
        for packed in self._blocks:
            block = HotlistBlock.FromString(zlib.decompress(packed))
            for entry in block.entries:
                yield (block.key_kind, entry.key), entry
        for key, value in self._now.items():
            for entry in HotlistBlock.FromString(value).entries:
                yield key, entry

    def advance(self, listing: Listing, registers: bytes, seconds: float) -> bool:
        """Appends what differs, of some identifiers that are due; whether none is left. Raises OSError, CoreError.

        seconds: when the listing's view was looked at. registers: as a list's.
        """
        keys = sorted(self.due)[:_AT_ONCE]
        changed = [(key, listed) for key in keys if _packed(listed := listing.of_key(key)) != self._value(key)]
        stated = HotlistHeader.FromString(registers)
        for part in _parts(changed):
            self._append(part, stated, seconds)
        if not changed and _differ(stated, self._told):
            self._append([], stated, seconds)
        self.due.difference_update(keys)
        if not self.due:
            touch_beat(self.file.path, seconds)
        return not self.due

    def _append(self, part: list[tuple[ListKey, list[Listed]]], stated: HotlistHeader, seconds: float) -> None:
        steps = self._steps.steps
        step = HotlistStep(
            list_id=self.file.list_id,
            step=len(steps) + 1,
            before=steps[-1].chain if steps else self.file.sha256,
            made_at=Timestamp(seconds=int(seconds)),
            registers=stated.registers,
            keys=_blocks(part),
            gone=[HotlistKey(key_kind=kind, key=text) for (kind, text), listed in part if not listed],  # type: ignore[arg-type]
        )
        if stated.HasField("data_as_of"):
            step.data_as_of.CopyFrom(stated.data_as_of)
        content = step.SerializeToString()
        self._steps.append(content)
        self._take(content)

    def _take(self, content: bytes) -> None:
        step = HotlistStep.FromString(content)
        for gone in step.gone:
            self._now[gone.key_kind, gone.key] = b""
        for block in step.keys:
            for text, entries in groupby(block.entries, key=lambda each: each.key):
                self._now[block.key_kind, text] = _packed_entries(entries)
        self._told = HotlistHeader(registers=step.registers)
        if step.HasField("data_as_of"):
            self._told.data_as_of.CopyFrom(step.data_as_of)

    def _value(self, key: ListKey) -> bytes:
        known = self._now.get(key)
        if known is not None:
            return known
        place = bisect.bisect_right(self._firsts, key) - 1
        if place < 0:
            return b""
        block = HotlistBlock.FromString(zlib.decompress(self._blocks[place]))
        return _packed_entries(each for each in block.entries if (block.key_kind, each.key) == key)


def _first(block: bytes) -> ListKey:
    read = HotlistBlock.FromString(zlib.decompress(block))
    return read.key_kind, read.entries[0].key


def _packed(listed: Iterable[Listed]) -> bytes:
    return _packed_entries(each.entry for each in listed)


def _packed_entries(entries: Iterable[hotlist_service_pb2.HotlistEntry]) -> bytes:
    return HotlistBlock(entries=entries).SerializeToString(deterministic=True)


def _parts(changed: list[tuple[ListKey, list[Listed]]]) -> Iterator[list[tuple[ListKey, list[Listed]]]]:
    """Yields as many identifiers together as a step may have."""
    part: list[tuple[ListKey, list[Listed]]] = []
    size = 0
    for key, listed in changed:
        added = len(key[1]) + 8 + sum(each.entry.ByteSize() + 4 for each in listed)
        if part and size + added > STEP_BYTES:
            yield part
            part, size = [], 0
        part.append((key, listed))
        size += added
    if part:
        yield part


def _blocks(part: list[tuple[ListKey, list[Listed]]]) -> Iterator[HotlistBlock]:
    for kind, of_kind in groupby(part, key=lambda each: each[0][0]):
        entries = [each.entry for _, listed in of_kind for each in listed]
        if entries:
            yield HotlistBlock(key_kind=kind, entries=entries)


def _differ(stated: HotlistHeader, told: HotlistHeader) -> bool:
    """Returns whether the statements about a register differ, or its time moved on by more than a little."""
    if _without_times(stated) != _without_times(told):
        return True
    return any(
        abs(now.as_of.seconds - before.as_of.seconds) >= _AS_OF_S
        for now, before in zip(stated.registers, told.registers, strict=True)
    )


def _without_times(header: HotlistHeader) -> bytes:
    bare = HotlistHeader(registers=header.registers)
    for register in bare.registers:
        register.ClearField("as_of")
    return bare.SerializeToString(deterministic=True)
