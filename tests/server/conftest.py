"""Real servers over copies of the small nation's generation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.kit.nation_kit import BuiltNation
from tests.server.published import Published
from tests.server.running_server import RunningServer

StartServer = Callable[..., RunningServer]


@pytest.fixture
def published(small_nation: BuiltNation, tmp_path: Path) -> Published:
    """An empty data directory to publish copies of the small nation's generation into."""
    data = tmp_path / "data"
    (data / "generations").mkdir(parents=True)
    return Published(data, small_nation.generation_directory)


@pytest.fixture
def start_server(published: Published, tmp_path: Path) -> Iterator[StartServer]:
    """Starts servers over `published`; each is stopped at the end, and its log must be JSON lines."""
    started: list[RunningServer] = []

    def start(data: Path = published.data, **settings: object) -> RunningServer:
        server = RunningServer(data, tmp_path / f"server-{len(started)}.log", **settings)
        started.append(server)
        return server

    yield start
    for server in started:
        server.stop()
        server.lines()
