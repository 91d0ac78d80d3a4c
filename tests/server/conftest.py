"""One small generation for the whole run, and real servers over copies of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.server.published import Published
from tests.server.running_server import RunningServer
from tests.server.small_generation import build_small_generation

StartServer = Callable[..., RunningServer]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generation's directory, as the indexer published it."""
    return build_small_generation(tmp_path_factory.mktemp("small"))


@pytest.fixture
def published(template: Path, tmp_path: Path) -> Published:
    """An empty data directory to publish into."""
    data = tmp_path / "data"
    (data / "generations").mkdir(parents=True)
    return Published(data, template)


@pytest.fixture
def start_server(published: Published, tmp_path: Path) -> Iterator[StartServer]:
    """Starts servers over `published`; each is stopped at the end, and its log must be JSON lines."""
    started: list[RunningServer] = []

    def start(**settings: object) -> RunningServer:
        server = RunningServer(published.data, tmp_path / f"server-{len(started)}.log", **settings)
        started.append(server)
        return server

    yield start
    for server in started:
        server.stop()
        server.lines()
