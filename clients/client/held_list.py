"""A hot list in a program's memory: what the server sends, laid out by identifier."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from clients.client.hot_list import ListPlace, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ronda.v1.hotlist_service_pb2 import (
        HotlistBlock,
        HotlistEntry,
        HotlistHeader,
        HotlistStep,
        SignedHotlistHeader,
        SignedHotlistStep,
    )

_Entries = dict[tuple[int, str], tuple["HotlistEntry", ...]]


class ListOver(LookupError):
    """No list is held, or its time is over: it answers nothing, and nobody is "not on it"."""


class HeldList:
    """A list and its steps; a ListKeeper. What is not on it is not clear: "no consta"."""

    def __init__(self) -> None:
        self.place: ListPlace | None = None
        self.header: HotlistHeader | None = None
        """The newest: its `valid_until`, `followed_at`, `data_as_of` and `registers` are those of what is held."""
        self._entries: _Entries = {}
        self._ends = 0.0  # by `_boot_s`

    @property
    def over(self) -> bool:
        """True if it answers nothing: by the server's times and a clock that nobody sets."""
        return self.header is None or _boot_s() >= self._ends

    def __len__(self) -> int:
        return sum(map(len, self._entries.values()))

    def __iter__(self) -> Iterator[tuple[int, str]]:
        """Every identifier that is listed: its kind, its canonical text."""
        return iter(list(self._entries))

    def entries(self, kind: int, key: str) -> Sequence[HotlistEntry]:
        """Returns the entries of an identifier; kind: of the contract's IdentifierKind. Raises ListOver."""
        if self.over:
            raise ListOver("no list is held" if self.header is None else "the list is over")
        return self._entries.get((kind, key), ())

    def write(self, _signed: SignedHotlistHeader, header: HotlistHeader, blocks: Iterable[bytes]) -> None:
        """A list in the place of the one before."""
        found: _Entries = {}
        for block in blocks:
            _lay(found, unpacked(block))
        self._entries = found
        self._says(header)
        self.place = ListPlace(header.list_id, 0, header.sha256)

    def append(self, _signed: SignedHotlistStep, step: HotlistStep, place: ListPlace) -> None:
        """Lays a step over it."""
        fresh: _Entries = {(gone.key_kind, gone.key): () for gone in step.gone}
        for block in step.keys:
            _lay(fresh, block)
        self._entries.update(fresh)
        for key, entries in fresh.items():
            if not entries:
                del self._entries[key]
        assert self.header is not None
        del self.header.registers[:]
        self.header.registers.extend(step.registers)
        self.header.data_as_of.CopyFrom(step.data_as_of)
        self.place = place

    def renew(self, _signed: SignedHotlistHeader, header: HotlistHeader) -> None:
        """A later header of it."""
        self._says(header)

    def _says(self, header: HotlistHeader) -> None:
        self.header = header
        self._ends = _boot_s() + header.valid_until.ToSeconds() - header.made_at.ToSeconds()


def _boot_s() -> float:
    """Seconds that go on while the machine sleeps, where it has such a clock."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def _lay(entries: _Entries, block: HotlistBlock) -> None:
    for entry in block.entries:
        key = block.key_kind, entry.key
        entries[key] = (*entries.get(key, ()), entry)
