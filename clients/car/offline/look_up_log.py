"""Look-ups made off line: sealed, counted, and on disk before they are painted; kept until the server has them.

    head    JSON: log id, the highest number that the server has a record of, and the last one that was given out; it is
            written before the record, so that a log with its end cut off shows a gap
    log     a record each: length (4 bytes, big) | number (8 bytes, big) | key id (8 bytes) | sealed OfflineLookUp
    in-use  locked by the program that has the log: two would give out the same numbers

A record is bound to its log and number: one that is taken out, moved or changed shows as a gap, here or at the server.
A log that begins anew is written whole beside the old one, its head last; the next opening completes a crash's half.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import struct
import threading
import uuid
from typing import TYPE_CHECKING

from clients.car.offline.held_key import HeldKey, NotReadable
from clients.car.offline.list_store import write_whole
from clients.client.whole_file import json_of, read_whole
from ronda.v1.hotlist_service_pb2 import OfflineLookUp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_FRAME = struct.Struct(">IQ8s")
_MOST = 1 << 16  # bytes of a record


class LogInUse(Exception):
    """Another program of this officer at this device has the log."""


class LookUpLog:
    """The log of one officer at one device, until `close`; safe from several threads.

    Raises OSError from each method, after `close` too; LogInUse when it is made.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._turn = threading.RLock()
        self._lock = os.open(directory / "in-use", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise LogInUse from None
        self._head, self._log = directory / "head", directory / "log"
        self._fresh_head, self._fresh_log = directory / "head.next", directory / "log.next"
        try:
            self._read()
        except BaseException:
            self.close()
            raise

    def _read(self) -> None:
        if self._fresh_head.exists():
            self._finish()
        self._fresh_log.unlink(missing_ok=True)
        self._cut_half_a_record()
        if not self._head.exists():
            self._write_head(uuid.uuid4().hex, 0, 0)
        told = json_of(read_whole(self._head).decode("ascii"))
        self.log_id: str = told["log_id"]
        self._through: int = told["through"]
        self._last: int = max([self._through, told["last"], *(number for number, _, _ in self._frames())])

    def _cut_half_a_record(self) -> None:
        """Cuts the remains of a power cut at the end; their number is a gap."""
        whole = sum(_FRAME.size + len(sealed) for _, _, sealed in self._frames())
        with contextlib.suppress(FileNotFoundError):
            if self._log.stat().st_size > whole:
                os.truncate(self._log, whole)

    def close(self) -> None:
        """Lets another program have it."""
        with self._turn:
            lock, self._lock = self._lock, -1
            if lock >= 0:
                os.close(lock)

    @contextlib.contextmanager
    def _held(self) -> Iterator[None]:
        with self._turn:
            if self._lock < 0:
                raise OSError("the log was let go of")
            yield

    @property
    def waiting(self) -> int:
        """Look-ups that the server has no record of yet."""
        return self._last - self._through

    @property
    def last(self) -> int:
        """The number that was given out last."""
        return self._last

    def append(self, look_up: OfflineLookUp, key: HeldKey) -> None:
        """Numbers the look-up and writes it; it is on disk when this returns."""
        with self._held():
            number = self._last + 1
            look_up.sequence = number
            sealed = key.seal(look_up.SerializeToString(), self._about(number))
            self._write_head(self.log_id, self._through, number)
            self._last = number
            self._write_down(_FRAME.pack(len(sealed), number, key.key_id.encode()) + sealed)

    def _write_down(self, frame: bytes) -> None:
        """Writes a record at the end of the log, on disk, or not at all: nothing can be read behind half a record."""
        with self._log.open("ab", buffering=0) as file:
            end = os.fstat(file.fileno()).st_size
            try:
                left = memoryview(frame)
                while left:
                    left = left[file.write(left) :]
                os.fsync(file.fileno())
            except OSError:
                with contextlib.suppress(OSError):
                    os.truncate(file.fileno(), end)
                raise

    def read(self, most: int, key_of: Callable[[str], HeldKey | None]) -> list[OfflineLookUp]:
        """The oldest that wait. What cannot be read is left out: the server sees the gap."""
        found: list[OfflineLookUp] = []
        for number, key_id, sealed in self._frames():
            key = key_of(key_id) if number > self._through else None
            if key is None:
                continue
            try:
                found.append(OfflineLookUp.FromString(key.open(sealed, self._about(number))))
            except NotReadable:
                continue
            if len(found) == most:
                break
        return found

    def forget(self, through: int) -> None:
        """Drops what the server has a record of."""
        with self._held():
            self._through = max(self._through, min(through, self._last))
            self._write_head(self.log_id, self._through, self._last)
            left = [
                _FRAME.pack(len(sealed), number, key_id.encode()) + sealed
                for number, key_id, sealed in self._frames()
                if number > self._through
            ]
            write_whole(self._log, b"".join(left))

    def begin_anew(self, look_ups: list[OfflineLookUp], last: int, key: HeldKey) -> bool:
        """Begins another log with these look-ups: the server takes no more gaps in this one, and keeps those it has.

        last: `last` when they were read. Returns whether nothing came since; otherwise the log is unchanged.
        """
        with self._held():
            if self.last != last:
                return False
            log_id = uuid.uuid4().hex
            frames = []
            for number, look_up in enumerate(look_ups, 1):
                look_up.sequence = number
                sealed = key.seal(look_up.SerializeToString(), f"{log_id} {number}".encode())
                frames.append(_FRAME.pack(len(sealed), number, key.key_id.encode()) + sealed)
            write_whole(self._fresh_log, b"".join(frames))
            write_whole(self._fresh_head, _head(log_id, 0, len(look_ups)))
            self._finish()
            self.log_id, self._through, self._last = log_id, 0, len(look_ups)
            return True

    def _finish(self) -> None:
        with contextlib.suppress(FileNotFoundError):  # a crash came between the two
            self._fresh_log.rename(self._log)
        self._fresh_head.rename(self._head)

    def _about(self, number: int) -> bytes:
        return f"{self.log_id} {number}".encode()

    def _write_head(self, log_id: str, through: int, last: int) -> None:
        write_whole(self._head, _head(log_id, through, last))

    def _frames(self) -> Iterator[tuple[int, str, bytes]]:
        """(number, key id, sealed); a record that a power cut left half ends them."""
        try:
            content = read_whole(self._log)
        except FileNotFoundError:
            return
        place = 0
        while place + _FRAME.size <= len(content):
            length, number, key_id = _FRAME.unpack_from(content, place)
            place += _FRAME.size
            if length > _MOST or place + length > len(content):
                return
            yield number, key_id.decode("ascii", "replace"), content[place : place + length]
            place += length


def _head(log_id: str, through: int, last: int) -> bytes:
    return json.dumps({"log_id": log_id, "through": through, "last": last}).encode()
