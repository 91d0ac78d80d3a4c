"""The one writer of a ledger: numbered entries, on disk before they are confirmed.

`append` is whole or nothing. A kill at any moment leaves at most a tail of unconfirmed entries: whole ones count, a
torn one is cut when the ledger is opened again. Damage before the last write is no torn tail. The ledger is then
refused, because confirmed entries would be lost silently.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from core.errors import LedgerBusy, LedgerDamaged, LedgerFull
from core.files.regular_file import read_file
from core.files.replacement import sync_directory
from core.ledger.change import Change, change_of, payload_of
from core.ledger.frames import (
    ARCHIVE_LOCK,
    DURABLE,
    HEAD_BYTES,
    LOCK,
    LOG,
    REGISTERS,
    DurableEnd,
    Frame,
    durable_bytes,
    durable_of,
    frame_bytes,
    head_bytes,
    later_write,
    read_frame,
)
from core.ledger.noted import NotedPlace, digest_of
from core.ledger.series import Series

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class LedgerWriter:
    """The ledger, open for writing. For one thread."""

    def __init__(self, folder: Path, whole_to: NotedPlace | None = None) -> None:
        """folder: <data>/ledger, made when it is missing. whole_to: an entry up to which an earlier writer read it:
        where it lies there, what is before it is not looked at (`LedgerReader.seek` does).

        Raises LedgerBusy, LedgerDamaged, LedgerFull, OSError.
        """
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = _locked(folder / LOCK)
        os.close(os.open(folder / ARCHIVE_LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        self._series: Series | None = None
        self._broken = False
        self._registers: set[str] = set()  # that are listed
        try:
            self._open()
            self.ledger_id = self.series.head.ledger_id
            self._length, self._sequence = self._recovered(whole_to)
            self._tell()
            self._registers = self._listed()
        except BaseException as error:
            self.close()
            if isinstance(error, OSError) and error.errno in _NO_ROOM:
                raise LedgerFull from error
            raise

    def _open(self) -> None:
        fd = _opened(self._folder / LOG)
        try:
            self._series = Series(self._folder, fd)
        except BaseException:
            os.close(fd)
            raise

    @property
    def series(self) -> Series:
        """The bytes of archive and log."""
        assert self._series is not None
        return self._series

    @property
    def folder(self) -> Path:
        """<data>/ledger."""
        return self._folder

    @property
    def sequence(self) -> int:
        """Sequence of the last entry; 0 = none."""
        return self._sequence

    @property
    def length(self) -> int:
        """The place behind the last entry: all before it is on disk."""
        return self._length

    @property
    def is_broken(self) -> bool:
        """True if the content of the disk is unknown: this writer takes nothing more."""
        return self._broken

    @property
    def free_bytes(self) -> int:
        """Room on its disk. Raises OSError."""
        found = os.fstatvfs(self.series.fd)
        return found.f_bavail * found.f_frsize

    def close(self) -> None:
        """Lets the ledger go."""
        if self._series is not None:
            self._series.close()
        if self._lock >= 0:
            os.close(self._lock)
        self._lock = -1

    def go_on_in(self, log: Path) -> None:
        """Goes on in a file that has the end of this log and takes its place (core.ledger.archiving).

        Raises OSError: then this writer takes nothing more, and a new one has to look.
        """
        self._broken = True
        log.rename(self._folder / LOG)
        sync_directory(self._folder)
        before = self.series
        self._open()
        before.close()
        self._broken = False

    def entries(self, behind: int | None = None) -> Iterator[tuple[int, Change]]:
        """Entries with the place at which each lies: all, or those behind the one at a place. Raises LedgerDamaged,
        OSError.
        """
        place = HEAD_BYTES if behind is None else self._frame(behind).end
        while place < self._length:
            frame = read_frame(self.series.data, place, self._length)
            if frame is None:
                raise LedgerDamaged(place, "an entry does not hold")
            yield place, _change(place, frame)
            place = frame.end

    def at(self, place: int) -> Change:
        """The entry at a place that `append` or `entries` gave. Raises LedgerDamaged, OSError."""
        return _change(place, self._frame(place))

    def has(self, noted: NotedPlace) -> bool:
        """Returns whether that entry lies at that place. Raises OSError."""
        return self.ledger_id.hex() == noted.ledger and _entry_at(self.series, noted, self._length) is not None

    def _frame(self, place: int) -> Frame:
        frame = read_frame(self.series.data, place, self._length)
        if frame is None:
            raise LedgerDamaged(place, "an entry does not hold")
        return frame

    def append(self, changes: Sequence[Change], taken_ms: int) -> list[tuple[int, Change]]:
        """Numbers the entries and brings them to the disk, all or none; each with its place.

        Raises LedgerFull when there is no room: nothing was written, and the next one may find room. Any other OSError
        means that nobody knows what is on disk: this writer takes nothing more, and a new one has to look. ValueError
        for an entry that is too long.
        """
        if self._broken:
            raise OSError(errno.EIO, "the ledger could not be written before")
        self._list({change.register for change in changes})
        begun, place, sequence = self._length, self._length, self._sequence
        frames, written = [], []
        for change in changes:
            sequence += 1
            frame = frame_bytes(sequence, begun, taken_ms, payload_of(change))
            written.append((place, replace(change, sequence=sequence, taken_ms=taken_ms)))
            frames.append(frame)
            place += len(frame)
        try:
            self._write(b"".join(frames), begun)
        except OSError as error:
            self._back_to(begun)
            if error.errno in _NO_ROOM and not self._broken:
                raise LedgerFull from error
            raise
        self._length, self._sequence = place, sequence
        self._tell()
        return written

    def _listed(self) -> set[str]:
        """The registers that are listed; of a ledger without the list they are listed now."""
        try:
            return set(read_file(self._folder / REGISTERS).decode("ascii").split())
        except FileNotFoundError:
            found = {change.register for _, change in self.entries()}
            self._list(found)
            return found

    def _list(self, registers: set[str]) -> None:
        """Lists registers before their first entry is written. Raises LedgerFull, OSError: nothing was written."""
        if registers <= self._registers:
            return
        draft = self._folder / f".{REGISTERS}"
        try:
            draft.write_text("".join(f"{each}\n" for each in sorted(self._registers | registers)), encoding="ascii")
            with draft.open("rb") as written:
                os.fsync(written.fileno())
            draft.rename(self._folder / REGISTERS)
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise LedgerFull from error
            raise
        self._registers |= registers

    def _write(self, data: bytes, place: int) -> None:
        rest = memoryview(data)
        while rest:
            done = os.pwrite(self.series.fd, rest, place - self.series.head.shift)
            rest, place = rest[done:], place + done
        try:
            os.fdatasync(self.series.fd)
        except OSError:  # which pages are on disk nobody can tell, nor whether a second try would say the truth
            self._broken = True
            raise

    def _back_to(self, length: int) -> None:
        """Removes a begun write, so that no later opening takes it for a confirmed one."""
        try:
            os.ftruncate(self.series.fd, length - self.series.head.shift)
        except OSError:
            self._broken = True

    def _tell(self) -> None:
        """Lets readers see it. Raises OSError: then this writer is broken, and a new one tells."""
        end = DurableEnd(self.ledger_id, self._length, self._sequence)
        try:
            fd = os.open(self._folder / DURABLE, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.pwrite(fd, durable_bytes(end), 0)
            finally:
                os.close(fd)
        except OSError:
            self._broken = True
            raise

    def _recovered(self, whole_to: NotedPlace | None) -> tuple[int, int]:
        """Place behind the last entry that is on disk, and its sequence; a torn tail is cut. What is archived is not
        looked at. Raises LedgerDamaged, OSError.
        """
        series, end = self.series, self.series.end
        place, sequence = series.head.first, series.head.before
        if whole_to is not None and whole_to.ledger == self.ledger_id.hex():
            found = _entry_at(series, whole_to, end)
            place, sequence = (found.end, found.sequence) if found is not None else (place, sequence)
        while (frame := read_frame(series.data, place, end)) is not None and frame.sequence == sequence + 1:
            place, sequence = frame.end, frame.sequence
        told = self._told()
        if told is not None and told.ledger_id == self.ledger_id and told.length > place:
            raise LedgerDamaged(place, f"entries up to {told.sequence} were on disk, and do not hold")
        if place < end:
            if later_write(series.data, place, end) is not None:
                raise LedgerDamaged(place, "an entry does not hold, and later ones do")
            os.ftruncate(series.fd, place - series.head.shift)
        os.fdatasync(series.fd)  # whole entries of a writer that was killed count from now on
        return place, sequence

    def _told(self) -> DurableEnd | None:
        try:
            return durable_of(read_file(self._folder / DURABLE))
        except FileNotFoundError:
            return None


def _entry_at(series: Series, noted: NotedPlace, length: int) -> Frame | None:
    """Returns the entry of the log that was noted; None where another lies at that place, none, or it is archived."""
    frame = read_frame(series.data, noted.offset, length) if series.head.first <= noted.offset < length else None
    if frame is None or frame.sequence != noted.sequence:
        return None
    try:
        change = _change(noted.offset, frame)
    except LedgerDamaged:
        return None
    return frame if digest_of(change) == noted.digest else None


def _change(place: int, frame: Frame) -> Change:
    try:
        return change_of(frame.payload, frame.sequence, frame.taken_ms)
    except (ValueError, KeyError, TypeError):
        raise LedgerDamaged(place, "an entry is not one that this version reads") from None


def _locked(path: Path) -> int:
    """A lock that dies with its holder. Raises LedgerBusy."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        raise LedgerBusy from None
    return fd


def _opened(path: Path) -> int:
    """The log, made whole under another name when it is missing, so that none without a head is ever seen."""
    try:
        return os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        pass
    for name in (DURABLE, REGISTERS):  # of a ledger that was moved away
        (path.parent / name).unlink(missing_ok=True)
    draft = path.with_name(f".{path.name}")
    draft.unlink(missing_ok=True)
    fd = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.write(fd, head_bytes(secrets.token_bytes(16)))
        os.fsync(fd)
        draft.rename(path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except BaseException:
        os.close(fd)
        raise
    return fd
