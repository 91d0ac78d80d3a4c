"""Stamps of files, to notice changes since they were read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

Stamp = tuple[tuple[str, int, int, int, int], ...]


def stamp_of(files: Iterable[Path]) -> Stamp:
    """Changes when a file is written, replaced, made or removed. Raises nothing, whatever the paths are."""
    found = []
    for path in files:
        try:
            status = path.stat()
            found.append((str(path), status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino))
        except (OSError, ValueError):  # ValueError: a path that none can have, one with a NUL
            found.append((str(path), 0, 0, 0, 0))
    return tuple(found)
