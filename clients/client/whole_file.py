"""Files of this machine that are read whole, and the JSON in them: neither may keep a command waiting or end it."""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path
from typing import Any


def read_whole(path: Path) -> bytes:
    """A file's content. Raises OSError, also for a pipe or a device, which would be waited for, or never end."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a file", str(path))
        return file.read()


def json_of(text: bytes | str) -> Any:
    """The value of a JSON document. Raises ValueError, whatever it holds."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def token_of(content: bytes) -> str:
    """The token in a file; an empty one is the server's to refuse. Raises ValueError for what can be none."""
    text = content.decode("ascii").strip()
    if any(not "!" <= letter <= "~" for letter in text):  # gRPC would end the call, and say nothing of the file
        raise ValueError("no token")
    return text
