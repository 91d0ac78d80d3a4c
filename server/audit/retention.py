"""Retention: finds the segments that have outlived their years; they wait in a bin before they are removed.

<audit>/bin/<log>/00000001.seg, .idx, .cut    segments that were dropped
<audit>/bin/left.json                         seconds that each of them stays there yet

Retention believes no single clock. A segment's years are over when two conditions hold: the clock says so, and the log
signed checkpoints for at least `_SIGNED_DAYS` days of that time or later. A run, each hour, drops one day's worth of
segments at most. The time in the bin is counted while this process runs, by the monotonic clock.
"""

from __future__ import annotations

import datetime
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from core.documents import json_of
from core.files.regular_file import read_file
from core.files.replacement import make_directory, replace_file
from server.audit.checkpoints import CheckpointFiles
from server.audit.seals import YEAR_MS, Drop, Seals
from server.audit.segments import SegmentId, goes_on
from server.logs import ERROR, INFO, WARNING, log

BIN = "bin"
GRACE_DAYS = 30
_LEFT = "left.json"
_DAY_MS = 86_400_000
_HOUR_S = 3600.0
_SIGNED_DAYS = 3
# A day counts when an hour of it was signed: 60 checkpoints of 250 bytes at least. A clock that was wrong for a moment
# leaves a few.
_SIGNED_DAY_BYTES = 60 * 250
_CHECKPOINT_DAYS = 30  # local files of checkpoints; the second keeper keeps its own for as long as it likes
_SUFFIXES = (".seg", ".idx", ".cut")


class Retention:
    """Drops old segments of one audit directory; runs in the process that signs."""

    def __init__(
        self, directory: Path, files: CheckpointFiles, years: int, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._directory = directory
        self._files = files
        self._years = years
        self._monotonic = monotonic
        self._ran: float | None = None  # when, by the monotonic clock
        self.binned = 0

    def run(self, seals: Seals, newest: Mapping[str, int], now_ms: int) -> list[Drop]:
        """Returns, once an hour, the segments to drop now. The newest of a log that goes on stays. Raises OSError."""
        now_s = self._monotonic()
        passed_s = now_s - self._ran if self._ran is not None else 0.0
        if self._ran is not None and passed_s < _HOUR_S:
            return []
        self._ran = now_s
        self._empty_bin(passed_s)
        signed_ms = self._signed_until_ms(now_ms)
        if signed_ms is None:
            return []
        today = datetime.datetime.fromtimestamp(signed_ms / 1000, datetime.UTC).date()
        self._files.drop_before(today - datetime.timedelta(_CHECKPOINT_DAYS))
        over = {
            segment: at
            for segment, at in seals.sealed_times(signed_ms).items()
            if segment not in seals.dropped
            and (segment.number < newest.get(segment.log, 0) or not goes_on(segment.log))
            and signed_ms - at > self._years * YEAR_MS
        }
        oldest = min(over.values(), default=0)
        dropped = [Drop(segment, self._years, signed_ms) for segment, at in over.items() if at <= oldest + _DAY_MS]
        if dropped:
            log(
                "audit_segments_dropped",
                level=WARNING,
                segments=len(dropped),
                more_are_due=len(over) - len(dropped),
                years=self._years,
                kept_in_bin_days=GRACE_DAYS,
            )
        return dropped

    def put_in_bin(self, segment: SegmentId) -> None:
        """Moves the files of a dropped segment, of which `seals` says so already. Raises OSError."""
        make_directory(self._directory / BIN / segment.log)
        left = self._left()
        left[str(segment)] = GRACE_DAYS * 86_400.0
        self._keep(left)
        for suffix in _SUFFIXES:
            path = segment.path(self._directory, suffix)
            if path.exists():
                path.rename(self._directory / BIN / segment.log / path.name)

    def _signed_until_ms(self, now_ms: int) -> int | None:
        """The time that the log's signed days bear out; None = there are too few."""
        days = [path.name for path in self._files.days() if path.stat().st_size >= _SIGNED_DAY_BYTES]
        times = [_start_ms(day) for day in days]
        believed = sorted(time_ms for time_ms in times if time_ms <= now_ms)
        return believed[-_SIGNED_DAYS] if len(believed) >= _SIGNED_DAYS else None

    def _empty_bin(self, passed_s: float) -> None:
        left = {name: seconds - passed_s for name, seconds in self._left().items()}
        for name in [name for name, seconds in left.items() if seconds <= 0]:
            of_log, number = name.rsplit("/", 1)
            for suffix in _SUFFIXES:
                (self._directory / BIN / of_log / f"{int(number):08d}{suffix}").unlink(missing_ok=True)
            del left[name]
            log("audit_segment_removed", level=INFO, log=of_log, segment=int(number))
        self.binned = len(left)
        if left and passed_s:
            self._keep(left)

    def _left(self) -> dict[str, float]:
        """Seconds left by segment. An unreadable file lets everything in the bin stay, with an alarm."""
        path = self._directory / BIN / _LEFT
        try:
            held = json_of(read_file(path))
            return {str(SegmentId.of(name)): float(seconds) for name, seconds in held.items()}
        except FileNotFoundError:
            return {}
        except (ValueError, TypeError, AttributeError):
            log("audit_bin_unreadable", level=ERROR, file=str(path))
            return {}

    def _keep(self, left: Mapping[str, float]) -> None:
        replace_file(self._directory / BIN / _LEFT, json.dumps(left).encode())
        self.binned = len(left)


def _start_ms(day: str) -> int:
    """ms UTC of the first moment of a day; of a name that is no day, never."""
    try:
        date = datetime.date.fromisoformat(day)
    except ValueError:
        return 1 << 62
    return int(datetime.datetime.combine(date, datetime.time(), datetime.UTC).timestamp() * 1000)
