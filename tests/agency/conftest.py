"""A server over copies of the small nation, and CUIs of its people."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bench.sampling import draw
from tests.agency.agency_kit import Agency
from tests.kit.nation_kit import BuiltNation
from tests.server.published import Published
from tests.server.running_server import RunningServer


@pytest.fixture(scope="module")
def agency(small_nation: BuiltNation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agency]:
    """One server for a module: a test that restarts it or publishes something else starts its own."""
    directory = tmp_path_factory.mktemp("agency")
    (directory / "data" / "generations").mkdir(parents=True)
    published = Published(directory / "data", small_nation.generation_directory)
    published.publish()
    server = RunningServer(published.data, directory / "server.log").wait_ready()
    yield Agency(server.address)
    server.stop()


@pytest.fixture(scope="session")
def cuis(small_nation: BuiltNation) -> list[str]:
    """CUIs of the nation's people."""
    return draw(small_nation.generation_directory, 200, seed=5)[0]
