"""The received numbers of each off-line log: <data>/hotlists/reports.db, shared by all workers.

A number has an audit record on disk before it is written here. So a number that comes again after a crash may have two
records, and no record is ever lost.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

FILE = "reports.db"
GAPS = 100  # of one log: a report that leaves more is refused, for none is forgotten
_BUSY_S = 5.0
SCHEMA = """
CREATE TABLE IF NOT EXISTS log (
    owner TEXT NOT NULL,        -- device and officer
    id TEXT NOT NULL,           -- ReportLookUpsRequest.log_id
    through INTEGER NOT NULL,   -- highest number that came
    gaps TEXT NOT NULL,         -- JSON: [first, last] of what did not, oldest first
    PRIMARY KEY (owner, id)
) STRICT
"""


class TooManyGaps(Exception):
    """More look-ups of a log are missing than can be noted."""


@dataclass(frozen=True)
class Progress:
    """The received part of one log. `fresh`: numbers that had not come before; `opened`: gaps that they opened."""

    through: int
    gaps: list[tuple[int, int]]
    fresh: list[int]
    opened: list[tuple[int, int]]


def advanced(through: int, gaps: list[tuple[int, int]], numbers: Iterable[int]) -> Progress:
    """Returns the progress after these numbers came. Raises TooManyGaps."""
    fresh, opened = [], []
    gaps = list(gaps)
    for number in sorted(set(numbers)):
        if number > through:
            if number > through + 1:
                gaps.append((through + 1, number - 1))
                opened.append(gaps[-1])
            through = number
            fresh.append(number)
            continue
        for place, (first, last) in enumerate(gaps):
            if first <= number <= last:
                rest = [(first, number - 1), (number + 1, last)]
                gaps[place : place + 1] = [gap for gap in rest if gap[0] <= gap[1]]
                fresh.append(number)
                break
    if len(gaps) > GAPS:
        raise TooManyGaps
    return Progress(through, gaps, fresh, [gap for gap in opened if gap in gaps])


class Reports:
    """The reports of one data directory. Each call opens the file for itself: calls are rare, and run in threads."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def advance(self, owner: str, log_id: str, numbers: list[int], record: Callable[[Progress], None]) -> Progress:
        """Notes the numbers, once `record` has put the records of what is fresh on disk. Raises sqlite3.Error,
        TooManyGaps, and what `record` raises: then nothing is noted."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with closing(sqlite3.connect(self._path, timeout=_BUSY_S, isolation_level=None)) as base:
            base.execute("PRAGMA synchronous=FULL")
            base.execute(SCHEMA)
            base.execute("BEGIN IMMEDIATE")
            try:
                row = base.execute(
                    "SELECT through, gaps FROM log WHERE owner = ? AND id = ?", (owner, log_id)
                ).fetchone()
                through, gaps = (row[0], [(first, last) for first, last in json.loads(row[1])]) if row else (0, [])
                progress = advanced(through, gaps, numbers)
                record(progress)
                base.execute(
                    "INSERT INTO log VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET through = excluded.through, "
                    "gaps = excluded.gaps",
                    (owner, log_id, progress.through, json.dumps(progress.gaps)),
                )
                base.execute("COMMIT")
            except BaseException:
                base.execute("ROLLBACK")
                raise
        return progress
