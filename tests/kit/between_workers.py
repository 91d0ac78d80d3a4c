"""Things shared by the workers of one test run (pytest-xdist): made by the first, cleared away by the last.

Without workers the one process is both. Everything lies in the run's own temporary directory.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ronda.demo.postgres_cluster import PostgresCluster


def run_directory(factory: pytest.TempPathFactory) -> Path:
    """The run's temporary directory: above the workers' own ones, where there are any."""
    base = factory.getbasetemp()
    return base.parent if base.name.startswith("popen-") else base


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds a lock that the other workers respect, and that ends with the process."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def made_once(directory: Path, name: str, make: Callable[[Path], dict[str, Any]]) -> tuple[Path, dict[str, Any]]:
    """Returns (directory, what `make` returned); the first worker makes it there, those who come meanwhile wait.

    `make` tells what JSON can hold. When it fails, the next to ask tries again in another directory.
    """
    with locked(directory / f"{name}.lock"):
        told = directory / f"{name}.json"
        if not told.exists():
            attempt = len(list(directory.glob(f"{name}-*")))
            place = directory / f"{name}-{attempt}"
            place.mkdir()
            found = make(place)
            told.write_text(json.dumps([str(place), found]), encoding="utf-8")
        place_name, found = json.loads(told.read_text(encoding="utf-8"))
    return Path(place_name), found


@contextmanager
def one_postgres(directory: Path) -> Iterator[PostgresCluster]:
    """The run's one PostgreSQL server: the first to come starts it, the last to go stops it."""
    note = directory / "postgres.json"  # where it is, and how many use it
    cluster: PostgresCluster | None = None
    try:  # from its start on: a run that is hung up on as soon as the note is there stops it too
        with locked(directory / "postgres.lock"):
            known = json.loads(note.read_text(encoding="utf-8")) if note.exists() else {}
            if known.get("users"):
                cluster = PostgresCluster.running(Path(known["directory"]), known["port"])
            else:
                cluster = PostgresCluster().start()
            used = {"directory": str(cluster.directory), "port": cluster.port, "users": known.get("users", 0) + 1}
            note.write_text(json.dumps(used), encoding="utf-8")
        yield cluster
    finally:
        if cluster is not None:
            with locked(directory / "postgres.lock"):
                used = json.loads(note.read_text(encoding="utf-8")) if note.exists() else {"users": 1}
                used["users"] -= 1
                note.write_text(json.dumps(used), encoding="utf-8")
                if used["users"] <= 0:
                    cluster.stop()
