"""The small files that a feed program keeps beside what it sends."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any


def read_whole(path: Path) -> bytes:
    """Reads a file. Raises ValueError for a pipe or device, which would be waited for; OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("not a file")
        return file.read()


def write_whole(path: Path, fields: Mapping[str, Any], mode: int = 0o666) -> None:
    """Replaces a file by JSON, whole and on disk; a crash leaves the former one. Raises OSError, naming the file.

    mode: before the umask.
    """
    draft = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(json.dumps(fields))
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
    except OSError as error:  # of a full disk the system names no file
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        error.filename = str(path)
        raise
