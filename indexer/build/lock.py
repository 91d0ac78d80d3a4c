"""One indexer at a time: a lock on <data>/indexer.lock that dies with its holder."""

from __future__ import annotations

import fcntl
import getpass
import json
import os
import pwd
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from core.documents import json_of
from core.files.replacement import make_directory
from indexer.build.errors import BuildRefused, IndexerBusy

LOCK_FILE = "indexer.lock"

_held: set[Path] = set()
_guard = threading.Lock()


def operating_user() -> str:
    """Name of the user of this process, or its number where it has no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


@contextmanager
def indexer_lock(data: Path, purpose: str) -> Iterator[None]:
    """Holds the lock of `data` (created when missing). Raises IndexerBusy, which says who holds it and since when.

    Raises BuildRefused for root where the directory is another account's: the server could not read what root writes.

    A record lock belongs to this process alone: children that outlive a killed indexer do not keep it. Closing any
    descriptor of the file would drop it, so a second try of the same process is turned away before it opens the file.
    """
    make_directory(data, 0o755)
    _refuse_root_for_another(data)
    path = (data / LOCK_FILE).resolve()
    with _guard:
        if path in _held:
            raise IndexerBusy(f"{path} is held by this process already")
        _held.add(path)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            try:
                fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise IndexerBusy(f"another indexer works on {data}: {_holder(descriptor)}") from error
            holder = {
                "pid": os.getpid(),
                "user": operating_user(),
                "host": socket.gethostname(),
                "purpose": purpose,
                "since": datetime.now(UTC).isoformat(timespec="seconds"),
            }
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps(holder).encode(), 0)
            yield
            os.ftruncate(descriptor, 0)
        finally:
            os.close(descriptor)
    finally:
        with _guard:
            _held.discard(path)


def _refuse_root_for_another(data: Path) -> None:
    owner = data.stat().st_uid
    if os.geteuid() == 0 and owner != 0:
        raise BuildRefused(f"{data} belongs to {_account(owner)}: run this as that account, not as root")


def _account(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"account {uid}"


def _holder(descriptor: int) -> str:
    try:
        told = json_of(os.pread(descriptor, 4096, 0))
        return f"{told['purpose']} by {told['user']}, process {told['pid']} on {told['host']}, since {told['since']}"
    except (ValueError, KeyError, TypeError):
        return "it has not said who it is yet"
