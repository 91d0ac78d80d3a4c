"""Archive and log as one series of bytes: a place is the same before and after its entry was archived."""

from __future__ import annotations

import os
from pathlib import Path

from core.errors import LedgerDamaged
from core.ledger.archive import Archive
from core.ledger.frames import LOG, MOST_HEAD_BYTES, head_of


class Series:
    """An open log, and the archive before it."""

    def __init__(self, folder: Path, fd: int) -> None:
        """folder: <data>/ledger. fd: of its log; closed with this. Raises LedgerDamaged, OSError."""
        self._folder, self.fd = folder, fd
        self._take(fd)

    def _take(self, fd: int) -> None:
        head = head_of(os.pread(fd, MOST_HEAD_BYTES, 0))
        if head is None:
            raise LedgerDamaged(0, "its head is not one that this version reads")
        self.fd, self.head = fd, head
        self.archive = Archive(self._folder, head)

    def close(self) -> None:
        """Lets the log go."""
        if self.fd >= 0:
            os.close(self.fd)
        self.fd = -1

    def data(self, size: int, place: int) -> bytes:
        """Bytes of one frame at a place; fewer at the end. Raises LedgerArchiveAway, LedgerDamaged, OSError."""
        if place < self.head.first:
            return self.archive.read(size, place)
        return os.pread(self.fd, size, place - self.head.shift)

    @property
    def end(self) -> int:
        """The place behind the last byte of the log. Raises OSError."""
        return os.fstat(self.fd).st_size + self.head.shift

    def opened_anew(self) -> bool:
        """Opens the log that took this one's place, with fewer entries; False where none did. Raises as `__init__`."""
        try:
            now = os.open(self._folder / LOG, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        if os.path.samestat(os.fstat(now), os.fstat(self.fd)):
            os.close(now)
            return False
        before = self.fd
        try:
            self._take(now)
        except BaseException:
            os.close(now)
            raise
        os.close(before)
        return True
