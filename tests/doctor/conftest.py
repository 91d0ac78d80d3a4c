"""A small world that has served, and its settings."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ronda.doctor import machine_checks
from ronda.settings import Settings, load_settings
from tests.kit.served_world import serve_once


@pytest.fixture(scope="session")
def served_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its data directory, stopped; made once."""
    return serve_once(tmp_path_factory.mktemp("served"))


@pytest.fixture
def installation(served_world: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(served_world, tmp_path / "data"))


@pytest.fixture
def settings(installation: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Yields settings of the copy, on a machine with a right clock; nothing serves it."""
    monkeypatch.setattr(machine_checks, "is_synchronised", lambda: True)
    return load_settings(data=installation, metrics="off")
