"""The hot list on disk: each block of the server's sealed by itself, so that a look-up opens one of them.

    list.head       key id (8 bytes) | sealed: JSON of the signed header and, a block, [kind, first key, offset, length]
    <list id>.list  the sealed blocks, one behind the other

The head is renamed over last: a crash leaves the list of before. A sealed block is bound to its list and its number.
"""

from __future__ import annotations

import bisect
import hashlib
import json
import os
import re
import zlib
from base64 import b64decode, b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from clients.car.offline.held_key import NotReadable, seconds
from ronda.v1.hotlist_service_pb2 import HotlistBlock, HotlistEntry, HotlistHeader, SignedHotlistHeader

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from clients.car.offline.held_key import HeldKey

FORMAT = 1
_HEAD = "list.head"
_DOMAIN = b"ronda hotlist v1\n"
_KEY_ID_BYTES = 8
_MOST_PLAIN = 1 << 20  # bytes of a block unpacked; the contract's 256 entries have far less
_LIST_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")


class ListRefused(Exception):
    """A list that is not the server's, or not whole; the text says why, without values."""


def verified(signed: SignedHotlistHeader, signing_keys: Mapping[str, bytes]) -> HotlistHeader:
    """The header, if a key of the server signed it and its format is ours. Raises ListRefused."""
    if signed.key_id not in signing_keys:
        raise ListRefused("signed by an unknown key")
    try:
        Ed25519PublicKey.from_public_bytes(signing_keys[signed.key_id]).verify(
            signed.signature, _DOMAIN + signed.header
        )
    except (InvalidSignature, ValueError):
        raise ListRefused("the signature does not hold") from None
    header = HotlistHeader.FromString(signed.header)
    if header.format != FORMAT or not _LIST_ID.fullmatch(header.list_id):
        raise ListRefused("another format")
    return header


class HotList:
    """An opened list: the first keys of its blocks in memory, the rest sealed on disk."""

    def __init__(self, header: HotlistHeader, blocks: list[Any], data: Path, key: HeldKey) -> None:
        self.header = header
        self._firsts = [(kind, first.encode()) for kind, first, _, _ in blocks]
        self._places = [(offset, length) for _, _, offset, length in blocks]
        self._data = data
        self._key = key

    @property
    def over(self) -> bool:
        """Whether it answers nothing any longer."""
        return self._key.over or self._key.clock.now() >= seconds(self.header.valid_until)

    def entries(self, kind: int, key: str) -> list[HotlistEntry]:
        """What is listed under a canonical identifier. Raises NotReadable, OSError."""
        place = bisect.bisect_right(self._firsts, (kind, key.encode())) - 1
        if place < 0 or self._firsts[place][0] != kind:
            return []
        offset, length = self._places[place]
        with self._data.open("rb") as file:
            sealed = os.pread(file.fileno(), length, offset)
        return [entry for entry in _unpacked(self._key.open(sealed, self._about(place))).entries if entry.key == key]

    def _about(self, place: int) -> bytes:
        return _about(self.header.list_id, place)


class ListStore:
    """A directory with one list."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def open(self, key: HeldKey, signing_keys: Mapping[str, bytes]) -> HotList | None:
        """The list, if one is there under this key; its signature is checked anew. Raises NotReadable, ListRefused."""
        try:
            head = (self._directory / _HEAD).read_bytes()
        except OSError:
            return None
        if head[:_KEY_ID_BYTES] != key.key_id.encode():
            return None
        told = json.loads(key.open(head[_KEY_ID_BYTES:], b"head"))
        header = verified(SignedHotlistHeader.FromString(b64decode(told["header"])), signing_keys)
        return HotList(header, told["blocks"], self._directory / f"{header.list_id}.list", key)

    def write(
        self, signed: SignedHotlistHeader, blocks: Iterable[bytes], key: HeldKey, signing_keys: Mapping[str, bytes]
    ) -> HotList:
        """Keeps a list that came from the server. Raises ListRefused (nothing is kept then), OSError."""
        header = verified(signed, signing_keys)
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        data, fresh = self._directory / f"{header.list_id}.list", self._directory / "fresh.list"
        digest, places, size = hashlib.sha256(), [], 0
        with fresh.open("wb") as file:
            for number, block in enumerate(blocks):
                digest.update(block)
                plain = _unpacked(block)
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
        """The held list under a later header. Raises ListRefused, OSError."""
        header = verified(signed, keys)
        if header.list_id != held.header.list_id or header.sha256 != held.header.sha256:
            raise ListRefused("not the list that is held")
        firsts = [(kind, first.decode()) for kind, first in held._firsts]
        places = [
            [kind, first, offset, length] for (kind, first), (offset, length) in zip(firsts, held._places, strict=True)
        ]
        return self._write_head(signed, header, places, key)

    def _write_head(
        self, signed: SignedHotlistHeader, header: HotlistHeader, places: list[Any], key: HeldKey
    ) -> HotList:
        told = json.dumps({"header": b64encode(signed.SerializeToString()).decode(), "blocks": places}).encode()
        write_whole(self._directory / _HEAD, key.key_id.encode() + key.seal(told, b"head"))
        data = self._directory / f"{header.list_id}.list"
        for other in self._directory.glob("*.list"):
            if other != data:
                other.unlink(missing_ok=True)
        return HotList(header, places, data, key)


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


def _unpacked(block: bytes) -> HotlistBlock:
    try:
        unpacking = zlib.decompressobj()
        plain = unpacking.decompress(block, _MOST_PLAIN)
        if not unpacking.eof:
            raise NotReadable
        return HotlistBlock.FromString(plain)
    except zlib.error:
        raise NotReadable from None
