"""The steps of the list on disk: each sealed by itself, so that a look-up of a change opens one of them.

    <list id>.steps  a line a step, in Base64: sealed SignedHotlistStep, bound to its list and its number
    list.renewed     key id (8 bytes) | sealed: the newest header of the list with its steps

A step is on disk before the header that names it. A last line without its end is of a crash, and cut off. If there are
fewer steps than the header states, some were taken away, and the list answers nothing.
"""

from __future__ import annotations

import binascii
import os
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING

from google.protobuf.message import DecodeError

from clients.car.offline.held_key import NotReadable
from clients.client.hot_list import ListPlace, verified_step
from clients.client.whole_file import read_whole
from ronda.v1.hotlist_service_pb2 import HotlistEntry, HotlistHeader, HotlistStep, SignedHotlistStep

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from clients.car.offline.held_key import HeldKey


class StepStore:
    """The steps of one list, under one key."""

    def __init__(self, directory: Path, header: HotlistHeader, key: HeldKey) -> None:
        self._path = directory / f"{header.list_id}.steps"
        self._key = key
        self.place = ListPlace(header.list_id, 0, header.sha256)
        self.newest: HotlistStep | None = None
        self._lines: list[tuple[int, int]] = []  # offset and length of each step's
        self._changed: dict[tuple[int, str], int] = {}  # identifier -> the last step that names it
        self._size = 0

    def read(self, signing_keys: Mapping[str, bytes]) -> None:
        """Reads the steps on disk; each is proved anew. Raises NotReadable, ListRefused, OSError."""
        try:
            content = read_whole(self._path)
        except FileNotFoundError:
            return
        for line in content.splitlines(keepends=True):
            if not line.endswith(b"\n"):
                return
            signed = self._opened(line, self.place.step + 1)
            self._take(*verified_step(signed, self.place, signing_keys), len(line))

    def append(self, signed: SignedHotlistStep, step: HotlistStep, place: ListPlace) -> None:
        """The next one, proved, on disk by then. Raises OSError: then it is none of them."""
        sealed = self._key.seal(signed.SerializeToString(), self._about(place.step))
        line = b64encode(sealed) + b"\n"
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.truncate(self._size)
            file.seek(self._size)
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        self._take(step, place, len(line))

    def entries(self, kind: int, key: str) -> list[HotlistEntry] | None:
        """Returns an identifier's entries by the last step that names it; None = no step does. Raises NotReadable,
        OSError."""
        number = self._changed.get((kind, key))
        if number is None:
            return None
        offset, length = self._lines[number - 1]
        with self._path.open("rb") as file:
            line = os.pread(file.fileno(), length, offset)
        step = HotlistStep.FromString(self._opened(line, number).step)
        return [entry for block in step.keys if block.key_kind == kind for entry in block.entries if entry.key == key]

    def _take(self, step: HotlistStep, place: ListPlace, length: int) -> None:
        self._lines.append((self._size, length))
        self._size += length
        for gone in step.gone:
            self._changed[gone.key_kind, gone.key] = place.step
        for block in step.keys:
            for entry in block.entries:
                self._changed[block.key_kind, entry.key] = place.step
        self.newest, self.place = step, place

    def _opened(self, line: bytes, number: int) -> SignedHotlistStep:
        try:
            return SignedHotlistStep.FromString(self._key.open(b64decode(line), self._about(number)))
        except (binascii.Error, DecodeError):
            raise NotReadable from None

    def _about(self, number: int) -> bytes:
        return f"{self.place.list_id} step {number}".encode()
