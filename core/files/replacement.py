"""Replaces a file in one step: readers see the old content or the new one, and the file keeps mode, owner and group.

A file that root creates in a directory of another account takes the owner and the group of the directory: the service
that owns the directory can go on reading and replacing it.
"""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

PRIVATE = 0o600


def replace_file(
    path: Path,
    content: bytes,
    *,
    mode: int = PRIVATE,
    durable: bool = True,
    check: Callable[[Path], object] | None = None,
) -> None:
    """Replaces a file, or creates it, as `replacing` does. Raises OSError, and what `check` raises.

    check: called with the path of the finished draft; where it raises, the old file stays.
    """
    with replacing(path, mode=mode, durable=durable) as file:
        file.write(content)
        if check is not None:
            file.flush()
            check(draft_path(path))


@contextmanager
def replacing(path: Path, *, mode: int = PRIVATE, durable: bool = True) -> Iterator[BinaryIO]:
    """Yields the file to write, which takes the place of `path` at the end of the block. Raises OSError.

    mode: of a file that did not exist. durable: after a power cut the file holds the old content or the new one.
    Where the block raises, the old file stays as it was. A second writer of the same path waits for the first.
    """
    draft = draft_path(path)
    with os.fdopen(_opened_draft(draft), "wb") as file:
        try:
            _take_rights(file.fileno(), path, mode)
            yield file
            file.flush()
            if durable:
                os.fsync(file.fileno())
            draft.rename(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
    if durable:
        sync_directory(path.parent)


def put_in_place(draft: Path, path: Path, *, mode: int = PRIVATE) -> None:
    """Puts a whole file, which another library wrote beside `path`, in its place; as `replacing`. Raises OSError."""
    descriptor = os.open(draft, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        _take_rights(descriptor, path, mode)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    draft.rename(path)
    sync_directory(path.parent)


def draft_path(path: Path) -> Path:
    """The name under which `replacing` writes."""
    return path.with_name(f".{path.name}.draft")


def sync_directory(directory: Path) -> None:
    """Makes the names in a directory durable. Raises OSError."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def create_file(path: Path, mode: int = PRIVATE) -> int:
    """Creates a file and returns its descriptor, for reading and writing. Raises FileExistsError, OSError."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        give_to_owner_of(path.parent, descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def make_directory(path: Path, mode: int = 0o700) -> None:
    """Makes a directory, and those above it, unless they exist. Raises OSError."""
    if path.is_dir():
        return
    make_directory(path.parent, mode)
    with suppress(FileExistsError):
        path.mkdir(mode=mode)
        give_to_owner_of(path.parent, path)


def give_to_owner_of(directory: Path, made: int | Path) -> None:
    """Gives a new file or directory, by descriptor or path, to the owner and group of `directory`.

    Root alone can do so; another account changes nothing. Raises OSError.
    """
    if os.geteuid() != 0:
        return
    owner = directory.stat()
    if (owner.st_uid, owner.st_gid) != (0, 0):
        os.chown(made, owner.st_uid, owner.st_gid)


def _opened_draft(draft: Path) -> int:
    """An empty draft that this writer alone has open. What a killed writer left is taken over or removed."""
    while True:
        try:
            descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, PRIVATE)
        except OSError:
            if not os.path.lexists(draft):
                raise  # the directory is at fault
            draft.unlink(missing_ok=True)  # another account's, or a link
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            found = os.fstat(descriptor)
            with suppress(FileNotFoundError):
                if os.path.samestat(found, os.lstat(draft)):
                    if found.st_nlink == 1:
                        os.ftruncate(descriptor, 0)
                        return descriptor
                    draft.unlink()
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _take_rights(descriptor: int, path: Path, mode: int) -> None:
    """Gives the draft the mode, owner and group of the file that it replaces; of a new file, those that it is to have.

    An account that may not give files away keeps the group where it belongs to it, and becomes the owner.
    """
    try:
        before = path.stat()
    except FileNotFoundError:
        os.fchmod(descriptor, mode)
        give_to_owner_of(path.parent, descriptor)
        return
    now = os.fstat(descriptor)
    if (now.st_uid, now.st_gid) != (before.st_uid, before.st_gid):
        try:
            os.fchown(descriptor, before.st_uid, before.st_gid)
        except PermissionError:
            with suppress(PermissionError):
                os.fchown(descriptor, -1, before.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(before.st_mode))  # last: fchown clears bits
