"""Checks the SQLite databases of the data directory: recalls, confirmations, received look-ups."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from ronda.copies.databases import copied_database
from ronda.copies.manifest import CopyRefused
from ronda.doctor.findings import Finding, finding
from server.parts import PARTS
from server.processes.settings import ServerSettings

_HEAD = b"SQLite format 3\0"


def databases(settings: ServerSettings, *, deep: bool) -> Iterator[Finding]:
    """Each that is there begins as a database; deep: its pages hold together, looked at in a copy."""
    for name in (name for part in PARTS for name in part.databases):
        path = settings.data / name
        if not path.exists():
            continue
        with path.open("rb") as file:
            is_one = file.read(len(_HEAD)) == _HEAD
        if not is_one:
            yield finding("database_damaged", path, "no SQLite database")
        elif deep:
            with tempfile.TemporaryDirectory() as work:
                try:
                    copied_database(path, Path(work))
                except CopyRefused as error:
                    yield finding("database_damaged", path, str(error).partition(": ")[2])
