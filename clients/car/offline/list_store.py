"""The hot list on disk: each block of the server's sealed by itself, so that a look-up opens one of them.

    list.head       key id (8 bytes) | sealed: JSON of the signed header and, a block, [kind, first key, offset, length]
    <list id>.list  the sealed blocks, one behind the other
    list.renewed    key id (8 bytes) | sealed: a later header of the list, with as many of its steps (step_store.py)

The head is renamed over last: a crash leaves the list of before. A sealed block is bound to its list and its number.
"""

from __future__ import annotations

import bisect
import hashlib
import json
import os
from base64 import b64decode, b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clients.car.offline.held_key import NotReadable, seconds
from clients.car.offline.step_store import StepStore
from clients.client.hot_list import ListPlace, ListRefused, unpacked, verified_header
from clients.client.whole_file import json_of, read_whole
from ronda.v1.hotlist_service_pb2 import (
    HotlistEntry,
    HotlistHeader,
    HotlistStep,
    SignedHotlistHeader,
    SignedHotlistStep,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from clients.car.offline.held_key import HeldKey

_HEAD, _RENEWED = "list.head", "list.renewed"
_KEY_ID_BYTES = 8


class HotList:
    """An opened list with its steps: first keys of blocks and what steps name in memory, the rest sealed on disk.

    `header` is the newest: until when it answers, of when its data are, up to when changes are in it.
    """

    def __init__(self, header: HotlistHeader, blocks: list[Any], data: Path, key: HeldKey, steps: StepStore) -> None:
        self.header = header
        self.steps = steps
        self._firsts = [(kind, first.encode()) for kind, first, _, _ in blocks]
        self._places = [(offset, length) for _, _, offset, length in blocks]
        self._data = data
        self._key = key

    @property
    def over(self) -> bool:
        """True if it answers nothing any longer."""
        return self._key.over or self._key.clock.now() >= seconds(self.header.valid_until)

    @property
    def place(self) -> ListPlace:
        """The place up to which it is kept."""
        return self.steps.place

    def entries(self, kind: int, key: str) -> list[HotlistEntry]:
        """Returns the entries listed under a canonical identifier. Raises NotReadable, OSError."""
        changed = self.steps.entries(kind, key)
        if changed is not None:
            return changed
        place = bisect.bisect_right(self._firsts, (kind, key.encode())) - 1
        if place < 0 or self._firsts[place][0] != kind:
            return []
        offset, length = self._places[place]
        with self._data.open("rb") as file:
            sealed = os.pread(file.fileno(), length, offset)
        try:
            block = unpacked(self._key.open(sealed, self._about(place)))
        except ListRefused:
            raise NotReadable from None
        return [entry for entry in block.entries if entry.key == key]

    def laid_over(self) -> None:
        """Applies the newest step's statements about registers."""
        step = self.steps.newest
        if step is None or step.step <= self.header.step:
            return
        header = HotlistHeader()
        header.CopyFrom(self.header)
        del header.registers[:]
        header.registers.extend(step.registers)
        header.data_as_of.CopyFrom(step.data_as_of)
        self.header = header  # at once: another thread may be answering

    def _about(self, place: int) -> bytes:
        return _about(self.header.list_id, place)


class ListStore:
    """A directory with one list."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def open(self, key: HeldKey, signing_keys: Mapping[str, bytes]) -> HotList | None:
        """The list, if one is there under this key; its signature is checked anew. Raises NotReadable, ListRefused."""
        try:
            head = read_whole(self._directory / _HEAD)
        except OSError:
            return None
        if head[:_KEY_ID_BYTES] != key.key_id.encode():
            return None
        told = json_of(key.open(head[_KEY_ID_BYTES:], b"head"))
        header = verified_header(SignedHotlistHeader.FromString(b64decode(told["header"])), signing_keys)
        steps = StepStore(self._directory, header, key)
        steps.read(signing_keys)
        held = HotList(header, told["blocks"], self._directory / f"{header.list_id}.list", key, steps)
        self._take_renewed(held, key, signing_keys)
        held.laid_over()
        return held

    def _take_renewed(self, held: HotList, key: HeldKey, signing_keys: Mapping[str, bytes]) -> None:
        """Raises NotReadable, ListRefused."""
        try:
            content = read_whole(self._directory / _RENEWED)
        except OSError:
            return
        if content[:_KEY_ID_BYTES] != key.key_id.encode():
            return
        renewed = verified_header(
            SignedHotlistHeader.FromString(key.open(content[_KEY_ID_BYTES:], b"renewed")), signing_keys
        )
        if renewed.list_id != held.header.list_id:
            return  # of the list before
        if renewed.step > held.place.step:
            raise NotReadable  # steps were taken away
        held.header = renewed

    def write(
        self, signed: SignedHotlistHeader, blocks: Iterable[bytes], key: HeldKey, signing_keys: Mapping[str, bytes]
    ) -> HotList:
        """Keeps a list that came from the server. Raises ListRefused (nothing is kept then), OSError."""
        header = verified_header(signed, signing_keys)
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        data, fresh = self._directory / f"{header.list_id}.list", self._directory / "fresh.list"
        digest, places, size = hashlib.sha256(), [], 0
        with fresh.open("wb") as file:
            for number, block in enumerate(blocks):
                digest.update(block)
                plain = unpacked(block)
                sealed = key.seal(block, _about(header.list_id, number))
                if plain.entries:
                    places.append([plain.key_kind, plain.entries[0].key, size, len(sealed)])
                else:
                    raise ListRefused("an empty block")
                size += file.write(sealed)
            file.flush()
            os.fsync(file.fileno())
        if digest.digest() != header.sha256 or len(places) != header.blocks:
            fresh.unlink()
            raise ListRefused("the blocks are not those that were signed")
        fresh.rename(data)
        return self._write_head(signed, header, places, key)

    def renew(self, signed: SignedHotlistHeader, held: HotList, key: HeldKey, keys: Mapping[str, bytes]) -> HotList:
        """The held list under a later header of it, or of it and its steps. Raises ListRefused, OSError."""
        header = verified_header(signed, keys)
        if header.list_id != held.header.list_id or header.sha256 != held.header.sha256:
            raise ListRefused("not the list that is held")
        if header.step > held.place.step:
            raise ListRefused("steps are missing")
        sealed = key.seal(signed.SerializeToString(), b"renewed")
        write_whole(self._directory / _RENEWED, key.key_id.encode() + sealed)
        held.header = header
        held.laid_over()
        return held

    @staticmethod
    def append(signed: SignedHotlistStep, step: HotlistStep, place: ListPlace, held: HotList) -> None:
        """Lays a step that was proved over the held list. Raises OSError."""
        held.steps.append(signed, step, place)
        held.laid_over()

    def _write_head(
        self, signed: SignedHotlistHeader, header: HotlistHeader, places: list[Any], key: HeldKey
    ) -> HotList:
        told = json.dumps({"header": b64encode(signed.SerializeToString()).decode(), "blocks": places}).encode()
        (self._directory / _RENEWED).unlink(missing_ok=True)
        write_whole(self._directory / _HEAD, key.key_id.encode() + key.seal(told, b"head"))
        data = self._directory / f"{header.list_id}.list"
        for other in (*self._directory.glob("*.list"), *self._directory.glob("*.steps")):
            if other != data:
                other.unlink(missing_ok=True)
        return HotList(header, places, data, key, StepStore(self._directory, header, key))


def write_whole(path: Path, content: bytes) -> None:
    """Replaces a file at once, on disk. Raises OSError."""
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)


def _about(list_id: str, place: int) -> bytes:
    return f"{list_id} {place}".encode()
