"""Keys that ever had several records, kept for every later base.

The rows under a key differ from base to base: an order of two persons is listed with one of them once the other is
cancelled. A change that meant one of several would then mean the remaining one, and no base may decide so. The keys are
kept in `live/shared-keys`, a line each, on disk before any view rests on it. A build also notes the keys of its
extracts, and leaves a copy of all in its generation: losing `live/` loses none that a build knew.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable
from pathlib import Path

from core.documents import json_of
from core.files.regular_file import read_file
from indexer.live.record_key import RecordKey

FILE = "shared-keys"
KEPT = "shared_keys.jsonl"
"""The copy in a generation."""
_Key = tuple[str, int | None, str, str | None]
"""Register, source, id, line."""


class SharedKeys:
    """One file, for the writers of views, at most one a base; others read it."""

    def __init__(
        self, path: Path, register_ids: list[str], *, kept: Path | None = None, reads_only: bool = False
    ) -> None:
        """kept: a generation's copy; one of an earlier release has none. Raises OSError."""
        self._path, self._ids, self._reads_only = path, register_ids, reads_only
        self._known: set[_Key] = set()
        self._read_bytes = 0
        if kept is not None and kept.exists():
            self._known |= _read(kept)
        self.read_again()

    def read_again(self) -> None:
        """Reads what the writer over another base has found since. Raises OSError."""
        try:
            size = self._path.stat().st_size
        except FileNotFoundError:
            return
        if size == self._read_bytes:
            return
        self._known |= _read(self._path)
        self._read_bytes = size

    def __contains__(self, key: RecordKey) -> bool:
        return self._of(key) in self._known

    def add(self, key: RecordKey) -> None:
        """Notes a key that has several records. Raises OSError."""
        self.add_all([key])

    def add_all(self, keys: Iterable[RecordKey]) -> None:
        """Notes keys that have several records. Raises OSError."""
        new = {self._of(key) for key in keys} - self._known
        self._known |= new
        if self._reads_only or not new:
            return
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(b"\n" + _lines(new))  # behind the end of a write that a kill cut
            file.flush()
            os.fsync(descriptor)

    def keep(self, path: Path) -> None:
        """Writes all that are known to a new file of mode 0600. Raises OSError."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(_lines(self._known))

    def _of(self, key: RecordKey) -> _Key:
        return self._ids[key.register], key.source, key.record_id, key.line


def _lines(keys: Collection[_Key]) -> bytes:
    """Returns the lines in order: the same keys give the same bytes."""
    return b"".join(f"{line}\n".encode() for line in sorted(json.dumps(key) for key in keys))


def _read(path: Path) -> set[_Key]:
    found: set[_Key] = set()
    for line in read_file(path).decode().splitlines():
        try:
            register, source, record_id, text = json_of(line)
        except ValueError:
            continue  # the end of a write that a kill cut: it is found again
        found.add((register, source, record_id, text))
    return found
