"""A small world that has served, with people's data wherever a bundle might look."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ronda.doctor import machine_checks
from ronda.settings import Settings, load_settings
from server.processes.served_parts import SERVED
from tests.drills.world import SETTINGS
from tests.indexer.small_registers import cui_of
from tests.kit.small_world import SmallWorld
from tests.server.running_server import RunningServer, until

NAME, PLATE, TELEPHONE = "ANA LUCIA CAAL CHOC", "P-123BCD", "55512345"


@pytest.fixture(scope="session")
def served_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its data directory, stopped; made once."""
    directory = tmp_path_factory.mktemp("served")
    world = SmallWorld()
    world.person(1, NAME, "1980-05-17", TELEFONO=TELEPHONE)
    world.warrant("E1", cui_of(1), NAME, "1980-05-17")
    world.car(1, PLATE)
    data = world.build(directory)
    data.chmod(0o700)
    server = RunningServer(data, directory / "served.log", **SETTINGS).wait_ready()
    until(lambda: (data / SERVED).exists() and "ledger" in (data / SERVED).read_text())
    server.stop()
    return data


@pytest.fixture
def installation(served_world: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    data = tmp_path / "data"
    shutil.copytree(served_world, data)
    return data


@pytest.fixture
def settings(installation: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Settings of the copy, on a machine whose clock is right; nothing serves it."""
    monkeypatch.setattr(machine_checks, "is_synchronised", lambda: True)
    # served.json names the directory of the audit log of the world that it was copied from
    noted = installation / SERVED
    noted.write_text(noted.read_text().replace(_audit_of(noted), str(installation / "audit")))
    yield load_settings(data=installation, metrics="off")


def _audit_of(noted: Path) -> str:
    import json

    return str(json.loads(noted.read_text())["audit"])
