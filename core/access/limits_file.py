"""The file that all workers count in: made whole, with its key and its clock, before core/access/limits.pyx maps it."""

from __future__ import annotations

import fcntl
import os
import struct
import time
from pathlib import Path

VERSION = "4"
_KIND = b"RDNLIMS"
_MAGIC = _KIND + VERSION.encode()
_HEAD = struct.Struct("<8sQQQ16s")  # Header of core/access/limits.pyx: magic, spenders, repeats, counted, key
_CLOCK = struct.Struct("<qQ")  # base_us, boot; behind them
_SPENT = struct.Struct("<Q")  # spent_us; behind them


def open_limits_file(path: Path, size: int, slots: tuple[int, int, int], *, spent: bool = False) -> int:
    """Returns a descriptor of the file, of `size` bytes and with a header; `slots`: spenders, repeats, counted
    requests.

    spent: a new file replaces a lost one, so every allowance begins spent: removing the file gains nothing. A file of
    another version, of a release before or behind, is removed first: processes that map it keep it. The new one then
    begins unspent, because an upgrade would otherwise refuse everybody's next look-up. Raises OSError, including
    ENOSPC, and ValueError for a file that is no limits file.
    """
    while True:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)  # workers start at once, and only one makes the key
            magic = os.pread(fd, len(_MAGIC), 0)
            is_another = magic.startswith(_KIND) and magic != _MAGIC
            if _is_at(path, fd) and not is_another:
                _complete(fd, magic, size, slots, spent=spent)
                fcntl.flock(fd, fcntl.LOCK_UN)
                return fd
            if is_another and _is_at(path, fd):
                path.unlink()
                spent = False
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)


def limits_version(path: Path) -> str:
    """The version of a file of limits; "" = it is none, or not whole. Raises OSError."""
    with path.open("rb") as file:
        magic = file.read(len(_MAGIC))
    return magic[len(_KIND) :].decode("ascii", errors="replace") if magic.startswith(_KIND) else ""


def _complete(fd: int, magic: bytes, size: int, slots: tuple[int, int, int], *, spent: bool) -> None:
    if os.fstat(fd).st_size not in (0, size):
        raise ValueError("a file of limits of another version: remove it while no server runs")
    # All of it, before it is mapped: a count in a hole of a file on a full disk would end the process.
    os.posix_fallocate(fd, 0, size)
    if not magic.strip(b"\0"):
        os.pwrite(fd, _HEAD.pack(_MAGIC, *slots, os.urandom(16)), 0)
        if spent:
            os.pwrite(fd, _SPENT.pack(time.time_ns() // 1000), _HEAD.size + _CLOCK.size)
    elif magic != _MAGIC:
        raise ValueError("no file of limits")
    _anchor(fd)


def _anchor(fd: int) -> None:
    """Since when the limits' clock runs: it goes on alike while somebody sets the machine's, until the next boot."""
    boot = int(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").replace("-", "")[:16], 16) | 1
    if _CLOCK.unpack(os.pread(fd, _CLOCK.size, _HEAD.size))[1] != boot:
        base_us = (time.time_ns() - time.monotonic_ns()) // 1000
        os.pwrite(fd, _CLOCK.pack(base_us, boot), _HEAD.size)


def _is_at(path: Path, fd: int) -> bool:
    """Returns whether a path still leads to the open file."""
    held = os.fstat(fd)
    try:
        found = path.stat(follow_symlinks=False)
    except FileNotFoundError:
        return False
    return (found.st_dev, found.st_ino) == (held.st_dev, held.st_ino)
