"""Keys that were ever found to have several records, kept for every later base.

What stands under a key differs from base to base: an order of two persons is listed with one of them once the other is
cancelled. A change that meant one of several then would mean the one that is left, and no base may decide so. Kept in
`live/shared-keys`, a line each, on disk before any view rests on it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from indexer.live.record_key import RecordKey

FILE = "shared-keys"
_Key = tuple[str, int | None, str, str | None]
"""Register, source, id, line."""


class SharedKeys:
    """One file, for the writers of views, at most one a base; others read it."""

    def __init__(self, path: Path, register_ids: list[str], *, reads_only: bool = False) -> None:
        """Raises OSError."""
        self._path, self._ids, self._reads_only = path, register_ids, reads_only
        self._known: set[_Key] = set()
        self._read_bytes = 0
        self.read_again()

    def read_again(self) -> None:
        """Reads what the writer over another base has found since. Raises OSError."""
        try:
            size = self._path.stat().st_size
        except FileNotFoundError:
            return
        if size == self._read_bytes:
            return
        for line in self._path.read_text(encoding="utf-8").splitlines():
            try:
                register, source, record_id, text = json.loads(line)
            except ValueError:
                continue  # the end of a write that a kill cut: it is found again
            self._known.add((register, source, record_id, text))
        self._read_bytes = size

    def __contains__(self, key: RecordKey) -> bool:
        return self._of(key) in self._known

    def add(self, key: RecordKey) -> None:
        """Notes a key that has several records. Raises OSError."""
        if key in self:
            return
        self._known.add(self._of(key))
        if self._reads_only:
            return
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, f"\n{json.dumps(self._of(key))}\n".encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _of(self, key: RecordKey) -> _Key:
        return self._ids[key.register], key.source, key.record_id, key.line
