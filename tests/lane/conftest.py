"""Servers with both transports for a module's tests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.nation_kit import BuiltNation
from tests.lane.laned import Laned, LanedAtHome, laned_at_home, patrols_without_end, start_laned


@pytest.fixture(scope="module")
def laned(small_nation: BuiltNation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laned]:
    """One worker in production mode with the example policy; patrols may ask without end."""
    running = start_laned(small_nation, Path(tmp_path_factory.mktemp("laned")), patrols_without_end)
    workers = running.server.worker_pids()
    yield running
    assert running.server.worker_pids() == workers, "a worker lives through whatever is sent to it"
    assert running.server.events("internal_error") == []
    assert running.server.stop() == 0
    shutil.rmtree(running.data)


@pytest.fixture(scope="module")
def at_home(small_nation: BuiltNation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LanedAtHome]:
    """One worker in development mode."""
    with laned_at_home(small_nation.data, tmp_path_factory.mktemp("at_home") / "server.log") as running:
        workers = running.server.worker_pids()
        yield running
        assert running.server.worker_pids() == workers
        assert running.server.events("internal_error") == []
