"""A list with its steps laid over it, for a snapshot: one list again, with new blocks only where something changed."""

from __future__ import annotations

import bisect
import hashlib
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from ronda.v1.hotlist_service_pb2 import HotlistBlock, HotlistEntry, HotlistStep
from server.hotlist.entries import Listed, ListKey
from server.hotlist.list_file import ListFile, compressed_blocks, id_of_list
from server.hotlist.steps_file import Step

_Entries = dict[ListKey, list[HotlistEntry]]


@dataclass(frozen=True)
class FoldedList:
    """The header's statements about the list, and the blocks that replace the list's own."""

    list_id: str
    entries: int
    sizes: tuple[int, ...]
    sha256: bytes
    file: ListFile
    others: Mapping[int, list[bytes]]  # place of a block in the file -> those in its stead

    def blocks(self) -> Iterator[bytes]:
        """Every block, in order. Raises OSError, for a list that was replaced too."""
        yield from _blocks(self.file, self.others)


def unfolded(file: ListFile) -> FoldedList:
    """A list without steps, as it lies there."""
    return FoldedList(file.list_id, file.entries, file.sizes, file.sha256, file, {})


def first_keys(file: ListFile) -> list[ListKey]:
    """Identifiers that the blocks begin with. Raises OSError."""
    return [_first(block) for block in file.blocks()]


def folded(file: ListFile, firsts: Sequence[ListKey], steps: Sequence[Step], registers: bytes) -> FoldedList:
    """Returns the list with these steps of it, the first one first. firsts: as `first_keys`; registers: of the last
    step.

    Reads the whole list. Raises OSError.
    """
    changed = _named(steps)
    by_place: dict[int, _Entries] = {}
    for key, entries in changed.items():
        by_place.setdefault(max(0, bisect.bisect_right(firsts, key) - 1), {})[key] = entries
    others, count = {}, file.entries
    originals = {place: block for place, block in enumerate(file.blocks()) if place in by_place}
    for place, fresh in by_place.items():  # of an empty list, place 0 too
        before = _entries_of(originals.get(place))
        after = {**before, **fresh}
        count += sum(map(len, after.values())) - sum(map(len, before.values()))
        listed = [Listed(kind, 0, 0, entry) for kind, key in sorted(after) for entry in after[kind, key]]
        others[place] = compressed_blocks(listed)
    digest, sizes = hashlib.sha256(), []
    for block in _blocks(file, others):
        digest.update(block)
        sizes.append(len(block))
    sha256 = digest.digest()
    return FoldedList(id_of_list(registers, sha256), count, tuple(sizes), sha256, file, others)


def _blocks(file: ListFile, others: Mapping[int, list[bytes]]) -> Iterator[bytes]:
    if not file.sizes:
        yield from others.get(0, ())
    for place, block in enumerate(file.blocks()):
        yield from others.get(place, (block,))


def _named(steps: Sequence[Step]) -> _Entries:
    """Returns the entries of each identifier that a step names, by the last of them."""
    found: _Entries = {}
    for each in steps:
        step = HotlistStep.FromString(each.content)
        found.update({(gone.key_kind, gone.key): [] for gone in step.gone})
        for block in step.keys:
            for text, entries in groupby(block.entries, key=lambda entry: entry.key):
                found[block.key_kind, text] = list(entries)
    return found


def _entries_of(block: bytes | None) -> _Entries:
    if block is None:
        return {}
    read = HotlistBlock.FromString(zlib.decompress(block))
    return {(read.key_kind, text): list(each) for text, each in groupby(read.entries, key=lambda entry: entry.key)}


def _first(block: bytes) -> ListKey:
    read = HotlistBlock.FromString(zlib.decompress(block))
    return read.key_kind, read.entries[0].key
