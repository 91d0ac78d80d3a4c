"""Fixtures shared by every test folder: one PostgreSQL server, and nations built once a session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.postgres_cluster import PostgresCluster
from tests.nation_kit import BuiltNation, build_nation


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresCluster]:
    """A private PostgreSQL server on a free port."""
    with PostgresCluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def small_nation(postgres: PostgresCluster, tmp_path_factory: pytest.TempPathFactory) -> BuiltNation:
    """A nation of 1,000 persons with every special case, published. Read-only: other tests use it too."""
    return build_nation(Path(tmp_path_factory.mktemp("nation")), postgres, persons=1_000, seed=20261124)


@pytest.fixture(scope="session")
def large_nation(postgres: PostgresCluster, tmp_path_factory: pytest.TempPathFactory) -> BuiltNation:
    """A nation of 10,000 persons and 3,000 vehicles, published. Read-only."""
    return build_nation(Path(tmp_path_factory.mktemp("large")), postgres, persons=10_000, seed=20261124)
