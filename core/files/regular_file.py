"""Files that are read whole or mapped: what has a file's name and is none (a pipe, a device) is never waited for."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO


def open_regular(path: Path) -> BinaryIO:
    """Opens a file for reading. Raises OSError, also for a pipe, a device, a directory."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        raise OSError(errno.EINVAL, "not a file", str(path))
    return os.fdopen(descriptor, "rb")


def read_file(path: Path, size: int = -1) -> bytes:
    """A file's first `size` bytes, -1 = all. Raises OSError as `open_regular`."""
    with open_regular(path) as file:
        return file.read(size)
