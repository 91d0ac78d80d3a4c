"""Fixtures shared by every test folder: one PostgreSQL server, and nations built once a run, for all its workers."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from ronda.demo.postgres_cluster import PostgresCluster
from tests.kit.between_workers import made_once, one_postgres, run_directory
from tests.kit.nation_kit import BuiltNation, build_nation


def pytest_configure() -> None:
    """A closed terminal or a SIGTERM ends a run as Ctrl-C does: what its fixtures started is stopped.

    Dear invariants are held too, in this process and in all that it starts (core/machine/invariant.h).
    """
    os.environ.setdefault("RONDA_VERIFY", "1")
    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)


# No test is timed: on a machine that does other things too, an example takes what it takes.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow tests first, so that at the end no worker waits for another one's."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(scope="session")
def run_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that all workers of this run share."""
    return run_directory(tmp_path_factory)


@pytest.fixture(scope="session")
def postgres(run_root: Path) -> Iterator[PostgresCluster]:
    """A private PostgreSQL server on a free port."""
    with one_postgres(run_root) as cluster:
        yield cluster


def _nation(root: Path, name: str, cluster: PostgresCluster, **options: Any) -> BuiltNation:
    def make(directory: Path) -> dict[str, str]:
        return {"dsn": build_nation(directory, cluster, **options).dsn}

    directory, told = made_once(root, name, make)
    return BuiltNation(directory, told["dsn"])


@pytest.fixture(scope="session")
def small_nation(postgres: PostgresCluster, run_root: Path) -> BuiltNation:
    """A nation of 1,000 persons with every special case, published. Read-only: other tests use it too."""
    return _nation(run_root, "small-nation", postgres, persons=1_000, seed=20261124)


@pytest.fixture(scope="session")
def large_nation(postgres: PostgresCluster, run_root: Path) -> BuiltNation:
    """A nation of 10,000 persons and 3,000 vehicles with every kind of damaged row, published. Read-only."""
    return _nation(run_root, "large-nation", postgres, persons=10_000, seed=20261124, damage=0.4)
