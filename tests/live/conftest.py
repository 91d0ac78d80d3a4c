"""A small world that is fed, over a base that is built once for a file's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.indexer.small_registers import SmallRegisters
from tests.live.fed_world import FedWorld, built
from tests.live.test_a_view_answers_as_a_rebuild import small_world


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> SmallRegisters:
    return built(tmp_path_factory.mktemp("base"), small_world())


@pytest.fixture
def fed(tmp_path: Path, base: SmallRegisters) -> Iterator[FedWorld]:
    world = FedWorld(tmp_path, small_world(), base)
    yield world
    world.writer.close()
