"""A small world that has served once, with people's data in every register: for backups and for `ronda doctor`."""

from __future__ import annotations

from pathlib import Path

from server.processes.served_parts import SERVED
from tests.drills.world import SETTINGS
from tests.indexer.small_registers import cui_of
from tests.kit.small_world import SmallWorld
from tests.server.running_server import RunningServer, until

NAME, PLATE, TELEPHONE = "ANA LUCIA CAAL CHOC", "P-123BCD", "55512345"
PERSONS = 4


def serve_once(directory: Path) -> Path:
    """Builds it, serves it and stops; returns its data directory."""
    world = SmallWorld()
    world.person(1, NAME, "1980-05-17", TELEFONO=TELEPHONE)
    for number in range(2, PERSONS + 1):
        world.person(number, f"PERSONA {'ABCDEFGH'[number] * 4} XICAR", "1980-05-17")
    world.warrant("E1", cui_of(1), NAME, "1980-05-17")
    world.car(1, PLATE)
    data = world.build(directory)
    data.chmod(0o700)
    server = RunningServer(data, directory / "served.log", **SETTINGS).wait_ready()
    until(lambda: (data / SERVED).exists() and "ledger" in (data / SERVED).read_text())
    server.stop()
    return data
