"""A hot list in a program's memory: what the server sends, laid out by identifier."""

from __future__ import annotations

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


class HeldList:
    """A list and its steps; a ListKeeper. What is not on it is not clear: "no consta"."""

    def __init__(self) -> None:
        self.place: ListPlace | None = None
        self.header: HotlistHeader | None = None
        """The newest: its `valid_until`, `followed_at`, `data_as_of` and `registers` are those of what is held."""
        self._entries: _Entries = {}

    def __len__(self) -> int:
        return sum(map(len, self._entries.values()))

    def __iter__(self) -> Iterator[tuple[int, str]]:
        """Every identifier that is listed: its kind, its canonical text."""
        return iter(list(self._entries))

    def entries(self, kind: int, key: str) -> Sequence[HotlistEntry]:
        """What is listed under an identifier; kind: of the contract's IdentifierKind."""
        return self._entries.get((kind, key), ())

    def write(self, _signed: SignedHotlistHeader, header: HotlistHeader, blocks: Iterable[bytes]) -> None:
        """A list in the place of the one before."""
        found: _Entries = {}
        for block in blocks:
            _lay(found, unpacked(block))
        self._entries, self.header = found, header
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
        self.header = header


def _lay(entries: _Entries, block: HotlistBlock) -> None:
    for entry in block.entries:
        key = block.key_kind, entry.key
        entries[key] = (*entries.get(key, ()), entry)
