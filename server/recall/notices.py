"""Notifies the owner of a discreet alert, when it is issued, of the look-ups of its subject in the days before.

Officers never learn of it. The lines and files are those of later looks (server/notifications.py), once a look. A
pending line stands in the table of recalls, in one transaction with the view that brought the alert, and only until it
is written.
"""

from __future__ import annotations

import json
from pathlib import Path

from server.logs import ERROR, log
from server.notifications import append_lines, read_lines
from server.recall.store import RecallStore

_AT_ONCE = 1000


class Notices:
    """Writes what waits. For one thread."""

    def __init__(self, directory: Path, store: RecallStore) -> None:
        self._directory, self._store = directory, store
        self._doubtful = True  # whether what waits may be written already: by a process that was killed, in part

    def write(self) -> None:
        """All of it, unless the disk refuses. Raises sqlite3.Error."""
        while rows := self._store.notices(_AT_ONCE):
            lines = [json.loads(row[-1]) for row in rows]
            try:
                if self._doubtful:
                    since = min(str(line["at"]) for line in lines)
                    there = {line.get("notice") for line in read_lines(self._directory, since=since)}
                    lines = [line for line in lines if line["notice"] not in there]
                self._doubtful = True
                append_lines(self._directory, lines)
            except OSError as error:
                log("notifications_not_written", level=ERROR, count=len(lines), why=error.strerror or "")
                return
            self._store.written(row[:4] for row in rows)
            self._doubtful = False
