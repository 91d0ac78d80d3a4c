"""A small world that has served, a copy of it, and what makes copies that are wrong."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ronda.copies.taking import take
from ronda.settings import load_settings
from tests.kit.served_world import serve_once


@pytest.fixture(scope="session")
def served_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its data directory, stopped; made once."""
    return serve_once(tmp_path_factory.mktemp("served"))


@pytest.fixture(scope="session")
def made_copy(served_world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy with the generation; nobody changes it."""
    to = tmp_path_factory.mktemp("copies") / "copy"
    take(load_settings(data=served_world), to, with_generation=True)
    return to


@pytest.fixture
def installation(served_world: Path, tmp_path: Path) -> Path:
    """A world of one's own."""
    return Path(shutil.copytree(served_world, tmp_path / "data"))
