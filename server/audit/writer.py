"""One worker's audit log: makes its segments ahead of time, puts records on disk, reports when they are there.

The core appends the records (core/audit/log.pyx) and needs none of this. A thread wakes every `SYNC_S` and puts new
records on disk, so a power cut loses at most 50 ms of records. With durability `answer-after-fsync` a handler awaits
`durable()` before its answer leaves; all waiting handlers share one fsync.
"""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from core.audit.log import AuditLog
from core.errors import AuditUnavailable
from server.audit.keys import KeyFileError
from server.audit.segments import SegmentId, create_segment
from server.logs import ERROR, WARNING, log

SYNC_S = 0.04
DAY_MS = 86_400_000
_RETRY_S = 1.0  # between tries to make a segment on a full disk
# A disk that is full, or that the kernel turned read-only: it may be written again by and by.
_NOT_WRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)
MIB = 1 << 20
_PIECE_BYTES = 4 * MIB  # AHEAD of core/audit/segment.pxd: what a segment grows by at least


@dataclass(frozen=True)
class WriterOptions:
    """Options of a log's writer. reserve_bytes: free space of the disk that segments leave alone.

    waits_for_room: on a full or read-only disk the log begins without a segment, and records are refused until one can
    be made. hash_keys_kept_ms: how long a replaced hash key stays in `hash.key`.
    """

    directory: Path
    auditors: Sequence[X25519PublicKey]
    segment_bytes: int = 256 * MIB
    reserve_bytes: int = 256 * MIB
    waits: bool = False  # durability answer-after-fsync
    waits_for_room: bool = False
    hash_keys_kept_ms: int = 0


def clock_ms() -> int:
    """Now, UTC, in milliseconds."""
    return time.time_ns() // 1_000_000


class AuditWriter:
    """An open log. `log` is what the engine appends to. Safe from several threads."""

    def __init__(self, options: WriterOptions, name: str, clock: Callable[[], int] = clock_ms) -> None:
        """Makes the first segment. Raises KeyFileError, OSError (with `waits_for_room` not of a disk as above)."""
        self.log = AuditLog()
        # A sync failed: no more is recorded. Called in the log's own thread.
        self.on_stop: Callable[[], object] = lambda: None
        # `lacks_room` is another now. Called in the log's own thread.
        self.on_room: Callable[[], object] = lambda: None
        self.lacks_room = False  # the disk has none for a record: nothing can be answered
        self.waits = options.waits
        self._options = options
        self._name = name
        self._clock = clock
        self._segments: list[SegmentId] = []
        self._day = clock() // DAY_MS
        self._next_try = 0.0
        self._failed = 0  # records that could not be written, at the last look
        self._wake = threading.Event()
        self._closing = False
        self._lock = threading.Lock()  # of _waiters
        self._waiters: list[tuple[int, asyncio.AbstractEventLoop, asyncio.Future[None]]] = []
        try:
            self._add_segment()
        except OSError as error:
            if not options.waits_for_room or error.errno not in _NOT_WRITABLE:
                raise
            log("audit_segment_not_made", level=ERROR, error=error)
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
        self._thread.start()

    def _add_segment(self) -> None:
        options = self._options
        made = create_segment(options.directory, self._name, options.auditors, self._clock(), options.hash_keys_kept_ms)
        try:
            self.log.add_segment(
                made.descriptor,
                made.header,
                made.keys.query_key,
                made.keys.hash_key,
                options.segment_bytes,
                options.reserve_bytes,
            )
        except BaseException:
            made.id.path(options.directory).unlink(missing_ok=True)  # nothing was written: no checkpoint knows it
            os.close(made.descriptor)
            raise
        self._segments.append(made.id)

    def _run(self) -> None:
        while not self._closing:
            self._wake.wait(SYNC_S)
            self._wake.clear()
            self._sync()
            self._look_ahead()
            self._look_for_room()

    def _sync(self) -> None:
        if self.log.appended != self.log.durable and not self.log.stopped:
            try:
                self.log.sync()
            except OSError as error:
                # After a failed fsync the kernel may have dropped what it held: nothing more may be answered.
                self.log.stop()
                log("audit_sync_failed", level=ERROR, error=error)
                self.on_stop()
        self._release()

    def _release(self) -> None:
        durable, failed = self.log.durable, self._closing or self.log.stopped
        with self._lock:
            ready = [waiter for waiter in self._waiters if failed or waiter[0] <= durable]
            self._waiters = [waiter for waiter in self._waiters if waiter not in ready]
        for wanted, loop, future in ready:
            loop.call_soon_threadsafe(_settle, future, wanted <= durable)

    def _look_ahead(self) -> None:
        """Has the next segment ready before it is needed: the present one half full, or of yesterday."""
        day = self._clock() // DAY_MS
        half_full = self.log.segment_bytes > self._options.segment_bytes // 2
        wanted = half_full or day != self._day or not self._segments
        if not self.log.needs_segment or not wanted or time.monotonic() < self._next_try:
            return
        try:
            self._add_segment()
        except (OSError, KeyFileError) as error:
            self._next_try = time.monotonic() + _RETRY_S
            log("audit_segment_not_made", level=ERROR, error=error)
            return
        if day != self._day:  # a segment holds one day at most, so that retention can drop it
            self._day = day
            self.log.rotate()

    def _look_for_room(self) -> None:
        """Says when no record can be written, and when one can again, whether or not anybody asks meanwhile."""
        failed, before = self.log.failed, self._failed
        self._failed = failed
        lacks = failed != before or not self._segments or (self.lacks_room and not self._has_room())
        if lacks != self.lacks_room:
            self.lacks_room = lacks
            event, level = ("audit_unavailable", ERROR) if lacks else ("audit_available", WARNING)
            log(event, level=level, not_recorded=failed)
            self.on_room()

    def _has_room(self) -> bool:
        """Returns whether the disk has more than its reserve and what a segment grows by."""
        try:
            return shutil.disk_usage(self._options.directory).free > self._options.reserve_bytes + _PIECE_BYTES
        except OSError:
            return False

    async def durable(self) -> None:
        """Returns when every record appended so far is on disk. Raises AuditUnavailable when that failed."""
        wanted = self.log.appended
        if self.log.durable >= wanted:
            return
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        with self._lock:
            self._waiters.append((wanted, loop, future))
        self._wake.set()
        await future

    def close(self) -> None:
        """Puts everything on disk and ends the log. Raises OSError when that fails."""
        self._closing = True
        self._wake.set()
        self._thread.join()
        try:
            self.log.close()
        finally:
            self._release()


def _settle(future: asyncio.Future[None], on_disk: bool) -> None:
    if future.done():  # its call was cancelled
        return
    if on_disk:
        future.set_result(None)
    else:
        future.set_exception(AuditUnavailable())
