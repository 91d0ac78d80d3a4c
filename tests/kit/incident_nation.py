"""Ten years of the nation's incidents and their mart, made once a run for all its workers."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from core.mart.layout import DISCLOSURE_KEY, FOLDER, Mart, current_mart, read_mart
from indexer.mart.building import MartOptions, build_mart
from nation.incidents.making import make_incidents
from tests.kit.between_workers import made_once

AS_OF = datetime.date(2025, 11, 20)
SCALE = 0.2
KEY = bytes(range(32))  # one key for all runs: rounding by a random one calls a week by chance, now and then


@dataclass
class IncidentNation:
    """`directory` holds incidents/, truth/ and data/mart. Read-only."""

    directory: Path

    @property
    def data(self) -> Path:
        return self.directory / "data"

    @property
    def mart(self) -> Mart:
        return read_mart(self.folder)

    @property
    def folder(self) -> Path:
        return self.data / FOLDER / (current_mart(self.data) or "")


@pytest.fixture(scope="session")
def incident_nation(run_root: Path) -> IncidentNation:
    def make(directory: Path) -> dict[str, Any]:
        make_incidents(directory, AS_OF, seed=17, scale=SCALE)
        room = directory / "data" / FOLDER
        room.mkdir(parents=True)
        (room / DISCLOSURE_KEY).write_bytes(KEY)
        # Every year has its roll-ups, however few its facts are.
        build_mart(MartOptions(directory / "data", directory / "incidents", threads=1, rolled_from=0))
        return {}

    directory, _ = made_once(run_root, "incident-nation", make)
    return IncidentNation(directory)
