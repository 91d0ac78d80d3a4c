"""Signs checkpoints: once a second it reads new records, checks them, signs, and sends the checkpoint to the second
keeper.

It trusts no worker: it hashes the segments' bytes itself, and puts them on disk before it signs for them. It seals a
segment if its writer is gone (its lock is free). A half-written record of a killed process is cut and kept aside, the
root is written to `seals`, and the index is made.

It signs only what continues the last checkpoint, its own or the second keeper's; else it raises `Inconsistent`. After a
restoration (restorations.py) the last one is the newest that is not void, and the second keeper's word counts.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from core.audit.merkle import Tree
from core.audit.reader import SegmentReader
from server.audit.checkpoints import CHECKPOINTS, Checkpoint, CheckpointFiles, Head
from server.audit.index import index_sealed
from server.audit.keepers import Keeper
from server.audit.keeping import Inconsistent, Keeping
from server.audit.key_chain import KeyChain, KeyChainError, KeyChange, named
from server.audit.keys import key_id
from server.audit.process import AuditReport
from server.audit.reading_again import Altered, ReadingAgain
from server.audit.restorations import Restorations
from server.audit.retention import Retention
from server.audit.seals import Drop, Indexed, Seal, Seals, append_seals, read_seals
from server.audit.segments import SegmentDamaged, SegmentId, list_segments, mapped, read_header
from server.audit.witness import refusal
from server.audit.writer import clock_ms
from server.logs import ERROR, INFO, WARNING, log

ALARM_SHARE = 0.8  # of the audit disk used
_IDLE_S = 60.0  # a checkpoint is signed so often even when nothing happens
_ALARM_EVERY_S = 60.0
_UNBORN_S = 60.0  # a file without a header is a segment in the making, for so long
_PATIENCE = 5  # ticks that a wrong record of an open segment may be one that is still being written
# A round hashes what was appended in a second, 20 ms of CPU at 50,000 answers. In one go that takes whole turns of the
# scheduler, of 4 ms, from who answers on the same core (docs/performance.md).
_PIECE = 500  # records read without a rest, 0.2 ms
_REST_S = 0.001
_AT_REST_S = 0.5  # of a round, however many segments there are; what is not read by then is read without rests
_STEP_S = 5.0  # the clock stepped when it went that much otherwise than the monotonic clock in a round


@dataclass
class _Open:
    """A segment that is not sealed yet."""

    id: SegmentId
    descriptor: int
    reader: SegmentReader = field(default_factory=SegmentReader)
    synced: int = 0  # records on disk
    signed: int = 0  # records that a checkpoint binds
    wrong: int = 0  # ticks since its next record is wrong
    damaged: bool = False
    empty_since: float | None = None  # of the monotonic clock: unlocked, and without a record


class Checkpointer:
    """Signs for one audit directory; one process at a time (a lock on the directory)."""

    def __init__(
        self,
        directory: Path,
        key: Ed25519PrivateKey,
        keepers: Sequence[Keeper] = (),
        retention_years: int = 5,
        clock: Callable[[], int] = clock_ms,
        indexing: Callable[[SegmentId, int], None] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Reads the state on disk and holds it against the last checkpoints.

        indexing: takes over to make a sealed segment's index, given its bytes; None = it is made at once.

        Raises Inconsistent, SealsDamaged, CheckpointError, OSError (BlockingIOError: another process signs here).
        """
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory = directory
        self._key = key
        self._clock = clock
        self._monotonic = monotonic
        self._clocks: tuple[int, float] | None = None  # both, in the round before
        self._clock_steps = 0
        self._indexing = indexing
        self._rests_until = 0.0  # of the monotonic clock
        self._files = CheckpointFiles(directory / CHECKPOINTS)
        self._seals = Seals()
        self._open: dict[SegmentId, _Open] = {}
        self._last: Checkpoint | None = None
        self._keys = KeyChain(key.public_key())
        self._alarmed: dict[str, float] = {}
        self._keeping = Keeping(
            directory, keepers, lambda last: self._hold_against("second keeper", last), self._alarm, monotonic
        )
        self._restorations = Restorations()
        self._retention = Retention(directory, self._files, retention_years, monotonic)
        self._again = ReadingAgain(directory)
        self._signed_at = -_IDLE_S  # of the monotonic clock
        self._listed = False
        self._newest: dict[str, int] = {}  # number of each log's newest segment
        self._indexed: list[Indexed] = []  # made since the last round
        self._unindexed: list[SegmentId] = []  # sealed by a process that did not come to the index
        self._lock = os.open(directory, os.O_RDONLY)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._begin()
        except BaseException:
            self.close()
            raise

    def _begin(self) -> None:
        """Reads what is there; raises Inconsistent unless it continues what was signed."""
        self._seals = read_seals(self._directory)
        self._keys = self._files.keys(self._key.public_key())
        if self._keys.newest != self._key.public_key():
            ours, newest = key_id(self._key.public_key()), key_id(self._keys.newest)
            raise KeyChainError(f"key {ours} signs nothing more: it was followed by key {newest}")
        self._restorations = self._files.restorations(self._keys)
        self._last = self._files.newest(self._keys, self._restorations)
        self._discover()
        self._hold_against("own", self._last)
        self._keeping.begin(self._keys, self._restorations, self._last.number if self._last is not None else 0)

    def _next_number(self) -> int:
        return max(self._last.number if self._last is not None else 0, self._restorations.lost) + 1

    @property
    def signer(self) -> Ed25519PublicKey:
        """The key that signs."""
        return self._keys.newest

    def change_key(self, following: Ed25519PrivateKey) -> KeyChange:
        """Names the key that signs from the next checkpoint on, which the next round signs.

        Raises KeyChainError, Inconsistent, OSError: then the key of before signs on.
        """
        if self._restorations.each and self._next_number() == self._restorations.lost + 1:
            self.tick()  # the number behind what was lost is of the key that signed the restoration
        number = self._next_number()
        change = named(self._key, following, number, self._clock())
        keys = self._keys.followed_by(change)
        self._files.write_key_changes(keys.texts)
        log("audit_key_changed", level=WARNING, key=keys.ids[-2], following=keys.ids[-1], number=number)
        self._key, self._keys = following, keys
        return change

    def close(self) -> None:
        """Gives the directory free."""
        for segment in self._open.values():
            os.close(segment.descriptor)
        self._open.clear()
        self._keeping.close()
        os.close(self._lock)

    def _alarm(self, event: str, level: int = ERROR, **fields: Any) -> None:
        """Logs an event at most once a minute."""
        now = self._monotonic()
        if now - self._alarmed.get(event, -_ALARM_EVERY_S) >= _ALARM_EVERY_S:
            self._alarmed[event] = now
            log(event, level=level, **fields)

    def report(self) -> AuditReport:
        """Returns the figures of the log for the scrape, as of the last round."""
        opened = [segment for segment in self._open.values() if segment.id not in self._seals.sealed]
        signed = self._last.number if self._last is not None else 0
        return AuditReport(
            records=sum(seal.records for seal in self._seals.sealed.values()) + sum(s.signed for s in opened),
            unsigned=sum(max(0, s.reader.records - s.signed) for s in opened),
            damaged=sum(segment.damaged for segment in opened),
            checkpoint=signed,
            keepers_behind=[signed - kept for kept in self._keeping.kept],
            keepers_lost=self._keeping.lost,
            dropped=len(self._seals.dropped),
            binned=self._retention.binned,
            clock_steps=self._clock_steps,
        )

    # ---- what is on disk ----

    def _discover(self) -> None:
        """Opens what is not sealed: at first by listing all, then by asking for each log's next numbers."""
        if not self._listed:
            found = list_segments(self._directory)
            self._listed = True
        else:
            found = []
            logs = self._directory / "logs"
            for path in logs.iterdir() if logs.is_dir() else ():
                number = self._newest.get(path.name, 0) + 1
                while (segment := SegmentId(path.name, number)).path(self._directory).exists():
                    found.append(segment)
                    number += 1
        for segment in found:
            self._newest[segment.log] = max(segment.number, self._newest.get(segment.log, 0))
            if segment not in self._seals.sealed:
                self._open[segment] = _Open(segment, os.open(segment.path(self._directory), os.O_RDWR))
            elif segment not in self._seals.indexed or not segment.path(self._directory, ".idx").exists():
                self._unindexed.append(segment)

    def _read(self, segment: _Open) -> bool:
        """Reads on, with rests, unless there is too much to be read in time; whether everything there is right."""
        reader = segment.reader
        with mapped(segment.id.path(self._directory)) as data:
            while True:
                last = reader.records + _PIECE
                right = reader.walk(data, last)
                if not right or reader.records < last:
                    return right
                if time.monotonic() < self._rests_until:
                    time.sleep(_REST_S)

    def _hold_against(self, whose: str, checkpoint: Checkpoint | None) -> None:
        """Raises Inconsistent unless the state on disk continues the checkpoint."""
        if checkpoint is None:
            return
        if self._last is None or (self._last.number < checkpoint.number):
            if whose != "own":
                self._raise(whose, checkpoint, "it is newer than the last one here: the log was rolled back")
        elif self._last.number == checkpoint.number and self._last.text != checkpoint.text:
            self._raise(whose, checkpoint, "another one of that number is here")
        if checkpoint.seals.size > len(self._seals.lines):
            self._raise(whose, checkpoint, "seals were removed")
        tree = Tree()
        for line in self._seals.lines[: checkpoint.seals.size]:
            tree.append(line)
        if tree.root() != checkpoint.seals.root:
            self._raise(whose, checkpoint, "seals were altered")
        for segment, head in checkpoint.opened.items():
            self._hold_segment(whose, checkpoint, segment, head)

    def _hold_segment(self, whose: str, checkpoint: Checkpoint, segment: SegmentId, head: Head) -> None:
        present = self._open.get(segment)
        if present is None:
            seal = self._seals.sealed.get(segment)
            if seal is None:
                self._raise(whose, checkpoint, f"segment {segment} is gone")
            elif seal.records < head.size:
                self._raise(whose, checkpoint, f"segment {segment} has {seal.records} records, not {head.size}")
            return
        reader = SegmentReader()  # from the start: another checkpoint may have been read further
        with mapped(segment.path(self._directory)) as data:
            reader.walk(data, head.size)
        if reader.records < head.size:
            self._raise(whose, checkpoint, f"segment {segment}: record {reader.records} is gone or altered")
        if reader.root() != head.root:
            self._raise(whose, checkpoint, f"segment {segment}: a record before {head.size} was altered")
        present.signed = max(present.signed, head.size)

    def _raise(self, whose: str, checkpoint: Checkpoint, why: str) -> None:
        raise Inconsistent(f"checkpoint {checkpoint.number} ({whose}): {why}")

    # ---- once a second ----

    def tick(self) -> Checkpoint | None:
        """One round; the checkpoint that was signed, None when there was nothing new to sign. Raises OSError."""
        self._rests_until = time.monotonic() + _AT_REST_S
        self._watch_clock()
        self._discover()
        left = [segment for segment in self._open.values() if self._catch_up(segment)]
        sealed = [seal for segment in left if (seal := self._seal(segment)) is not None]
        dropped = self._retention.run(self._seals, self._newest, self._clock())
        indexed, self._indexed = self._indexed, []
        lines: list[Seal | Drop | Indexed] = [*sealed, *dropped, *indexed]
        if lines:
            append_seals(self._directory, lines)
            for line in lines:
                self._seals.add(line)
        checkpoint = self._sign()
        for seal in sealed:
            self._finish(seal)
        for drop in dropped:
            self._retention.put_in_bin(drop.segment)
        if self._unindexed:
            self._index(self._seals.sealed[self._unindexed.pop()])
        self._watch_disk()
        return checkpoint

    def _catch_up(self, segment: _Open) -> bool:
        """Reads, checks and puts on disk what was appended; whether its writer is gone."""
        try:
            fcntl.flock(segment.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            left = True
        except BlockingIOError:
            left = False
        try:
            right = self._read(segment)
        except FileNotFoundError:
            self._alarm("audit_segment_gone", log=segment.id.log, segment=segment.id.number)
            segment.damaged = True
            return False
        segment.wrong = 0 if right else segment.wrong + 1
        if segment.wrong >= _PATIENCE and not left:
            self._report_damage(segment)
        elif (found := self._again.piece(segment.id, segment.reader)) is not None:
            self._report_damage(segment, found)
        if segment.reader.records > segment.synced:
            os.fdatasync(segment.descriptor)
            segment.synced = segment.reader.records
        if left and segment.reader.records == 0:  # its writer may be about to lock it
            fcntl.flock(segment.descriptor, fcntl.LOCK_UN)
            now = self._monotonic()
            segment.empty_since = segment.empty_since if segment.empty_since is not None else now
            return now - segment.empty_since > _UNBORN_S
        segment.empty_since = None
        return left

    def _report_damage(self, segment: _Open, found: Altered | None = None) -> None:
        """found: of what was read before; None = the next record is wrong."""
        reader = segment.reader
        segment.damaged = True
        record, offset, why = found or (reader.records, reader.offset, reader.problem)
        self._alarm(
            "audit_record_damaged",
            log=segment.id.log,
            segment=segment.id.number,
            record=record,
            offset=offset,
            why=why,
        )

    def _seal(self, segment: _Open) -> Seal | None:
        """Seals a segment that its writer left; None when it cannot be: a record that was signed for is wrong."""
        reader = segment.reader
        if reader.records < segment.signed:
            self._report_damage(segment)
            fcntl.flock(segment.descriptor, fcntl.LOCK_UN)
            return None
        if (found := self._again.whole(segment.id, reader)) is not None:
            self._report_damage(segment, found)  # sealed all the same, as it was read: `verify` names what is altered
        cut = self._cut(segment)
        try:
            with mapped(segment.id.path(self._directory)) as data:
                made_ms = int(read_header(data)["made_ms"])
        except SegmentDamaged:
            made_ms = 0
        if cut:
            log(
                "audit_torn_record_cut",
                level=WARNING,
                log=segment.id.log,
                segment=segment.id.number,
                record=reader.records,
                offset=reader.offset,
                bytes=cut,
            )
        return Seal(segment.id, reader.records, reader.offset, reader.root(), made_ms, self._clock(), cut)

    def _cut(self, segment: _Open) -> int:
        """Cuts the file behind its last whole record; what was there besides zeros is kept aside. Bytes kept."""
        size = os.fstat(segment.descriptor).st_size
        end = segment.reader.offset
        if size == end:
            return 0
        with mapped(segment.id.path(self._directory)) as data:
            # A record is 1 GiB at most, and behind a torn one are only the zeros of space set aside.
            rest = bytes(data[end:]).rstrip(b"\0")
        if rest:
            path = segment.id.path(self._directory, ".cut")
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(rest)
                file.flush()
                os.fsync(file.fileno())
        os.ftruncate(segment.descriptor, end)
        os.fsync(segment.descriptor)
        return len(rest)

    def _finish(self, seal: Seal) -> None:
        """Finishes a sealed segment after the checkpoint that binds the seal: its index takes time."""
        segment = self._open.pop(seal.segment)
        self._index(seal)
        os.close(segment.descriptor)
        log("audit_segment_sealed", level=INFO, log=seal.segment.log, segment=seal.segment.number, records=seal.records)

    def _index(self, seal: Seal) -> None:
        if not seal.records:
            return
        if self._indexing is not None:
            self._indexing(seal.segment, seal.size)
        else:
            self.take_index(seal.segment, index_sealed(self._directory, seal.segment, seal.size))

    def take_index(self, segment: SegmentId, sha256: bytes) -> None:
        """Takes the digest of an index that was made, for the next round to write and sign; b"" = none was made."""
        if sha256:
            self._indexed.append(Indexed(segment, sha256))

    def _sign(self) -> Checkpoint | None:
        now, now_s = self._clock(), self._monotonic()
        opened = {
            segment.id: Head(segment.reader.records, segment.reader.root())
            for segment in self._open.values()
            if segment.id not in self._seals.sealed and segment.reader.records
        }
        seals = Head(len(self._seals.lines), self._seals.tree.root())
        last = self._last
        if (
            last is not None
            and last.key == key_id(self.signer)
            and last.seals == seals
            and last.opened == opened
            and now_s - self._signed_at < _IDLE_S
        ):
            return None
        number = self._next_number()
        checkpoint = Checkpoint(key_id(self.signer), number, now, seals, opened).signed(self._key)
        if why := refusal(last, checkpoint):
            self._alarm("audit_inconsistent", why=why)
            raise Inconsistent(why)
        self._files.append(checkpoint)
        self._last = checkpoint
        self._signed_at = now_s
        for segment in self._open.values():
            segment.signed = max(segment.signed, segment.reader.records)
        self._keeping.hand_over(checkpoint, self._keys, self._restorations)
        return checkpoint

    def _watch_clock(self) -> None:
        """Names a step of the wall clock: since the last round, or since the last checkpoint of an earlier process."""
        now_ms, now_s = self._clock(), self._monotonic()
        if self._clocks is not None:
            stepped_s = (now_ms - self._clocks[0]) / 1000 - (now_s - self._clocks[1])
        else:
            stepped_s = min(0.0, (now_ms - self._last.time_ms) / 1000) if self._last is not None else 0.0
        self._clocks = now_ms, now_s
        if abs(stepped_s) >= _STEP_S:
            self._clock_steps += 1
            log("clock_stepped", level=ERROR, seconds=round(stepped_s))

    def _watch_disk(self) -> None:
        disk = shutil.disk_usage(self._directory)
        used = 1 - disk.free / disk.total
        if used >= ALARM_SHARE:
            self._alarm("audit_disk_alarm", used_percent=round(100 * used), free_mib=disk.free >> 20)
