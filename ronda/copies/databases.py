"""A consistent copy of an SQLite database that another process writes, also of one that it keeps locked."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path

from ronda.copies.manifest import CopyRefused

_TRIES = 50
_STILL_S = 0.1  # longer than the step in which a file system tells times
_BUSY_S = 1.0


def copied_database(source: Path, work: Path) -> Path:
    """Returns a copy of the committed state, one file in `work`. Raises CopyRefused, OSError."""
    target = work / source.name
    for each in files_of(target):
        each.unlink(missing_ok=True)
    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True, timeout=_BUSY_S)) as reading,
            closing(sqlite3.connect(target)) as copy,
        ):
            reading.execute("SELECT count(*) FROM sqlite_master")  # `backup` would wait for a lock for ever
            reading.backup(copy)
    except sqlite3.OperationalError:  # locked for good: PRAGMA locking_mode=EXCLUSIVE
        copy_between_checkpoints(source, target)
    except sqlite3.Error as error:
        raise CopyRefused(f"{source}: {error}") from None
    _make_one_file(source, target)
    return target


def copy_between_checkpoints(source: Path, target: Path) -> None:
    """Copies the database and then its write-ahead log, again until the database did not change meanwhile.

    It touches nothing beside the source, as SQLite itself does that reads it. Raises CopyRefused, OSError.

    The log is only appended to until SQLite carries its pages over, which changes the database's own file. What a
    transaction wrote half stands behind the last commit of the log, and counts for nothing.
    """
    log = source.with_name(f"{source.name}-wal")
    for _ in range(_TRIES):
        before = source.stat()
        if 0 <= time.time() - before.st_mtime < _STILL_S:  # two changes within one step would have one time
            time.sleep(_STILL_S)
            continue
        shutil.copyfile(source, target)
        copied_log = target.with_name(f"{target.name}-wal")
        copied_log.unlink(missing_ok=True)
        with suppress(FileNotFoundError):
            shutil.copyfile(log, copied_log)
        after = source.stat()
        if (before.st_ino, before.st_size, before.st_mtime_ns) == (after.st_ino, after.st_size, after.st_mtime_ns):
            return
    raise CopyRefused(f"{source}: cambia sin pausa; repita")


def _make_one_file(source: Path, target: Path) -> None:
    """Carries the log over and checks that the pages hold together."""
    try:
        with closing(sqlite3.connect(target, isolation_level=None)) as copy:
            copy.execute("PRAGMA journal_mode = DELETE")
            (said,) = copy.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        raise CopyRefused(f"{source}: {error}") from None
    if said != "ok":
        raise CopyRefused(f"{source}: {said}")
    with target.open("rb") as file:
        os.fsync(file.fileno())


def files_of(database: Path) -> list[Path]:
    """The database and what SQLite keeps beside it."""
    return [database.with_name(database.name + ending) for ending in ("", "-wal", "-shm", "-journal")]
