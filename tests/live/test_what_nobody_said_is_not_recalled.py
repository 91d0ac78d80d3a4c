"""Nobody gets CANCELADA or NUEVA ALERTA about what no register said: a withdrawal, a roll-back, an old ledger."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.ledger.change import Change, Kind
from core.ledger.reader import FOLDER
from core.ledger.writer import LedgerWriter
from indexer.generations.publishing import current_generation, switch
from indexer.live.following import Follower
from indexer.manifest.loading import load_manifests
from indexer.pipeline import build
from server.recall.alerts import What
from server.recall.store import RecallStore
from server.recall.views import Views
from tests.indexer.small_registers import cui_of
from tests.kit.small_world import SmallWorld
from tests.live.fed_world import AS_OF_S

WHO = {1: ("ANA LUCIA CAAL CHOC", "1980-05-17"), 2: ("LUIS ALBERTO POP TZUL", "1975-01-20")}
WHO |= {3: ("MARTA ELENA GARCIA LOPEZ", "1990-11-02")}
HOUR_S = 3600


class Court:
    """Bases, a ledger, and what recall would tell of them."""

    def __init__(self, directory: Path) -> None:
        self.world = SmallWorld()
        for number, (name, born) in WHO.items():
            self.world.person(number, name, born)
        self.world.warrant("W1", cui_of(1), *WHO[1])
        self.registers = self.world.write(directory)
        self.data = self.registers.data
        self.hours = 0
        self.build()
        self.ledger = LedgerWriter(self.data / FOLDER)
        self.store = RecallStore(directory / "recall")
        self.views = Views(self.data, self.store)
        self.number = 0
        assert self.told() == set()

    def build(self, *, as_of_s: int = 0, withdraw: str = "") -> str:
        """A base of the files as they are, each an hour later than the one before, or of that time."""
        self.hours += 1
        for file in self.registers.sources.iterdir():
            os.utime(file, (as_of_s or AS_OF_S + self.hours * HOUR_S,) * 2)
        more = ["oj", "oj/WARRANT"]
        build(replace(self.registers.options(), live=True, accept_shrink=more, withdraw=[withdraw] if withdraw else []))
        return self.current

    @property
    def current(self) -> str:
        return str(current_generation(self.data))

    def feed(self, kind: Kind, record_id: str, person: int = 0) -> None:
        cells = {}
        if person:
            name, born = WHO[person]
            cells = {"ORDEN": record_id, "CUI": cui_of(person), "NOMBRE": name, "NACIMIENTO": born}
            cells |= {"ESTADO": "PENDIENTE", "FECHA": "2024-02-03", "DELITO": "ROBO"}
        self.number += 1
        now_ms = time.time_ns() // 1_000_000
        change = Change(
            kind, "oj", "court", record_id=record_id, source_sequence=self.number, event_ms=now_ms, record=cells
        )
        self.ledger.append([change], now_ms)

    def told(self) -> set[tuple[What, str]]:
        """Returns what changed since it was asked last, once the writer has brought the view to the ledger's end."""
        with Follower(self.data, self.current, load_manifests(self.registers.manifests)) as follower:
            follower.step()
        found: set[tuple[What, str]] = set()
        while (seen := self.views.look()) is not None:
            self.store.take(seen.taken, [(each, []) for each in seen.changes])
            self.views.done(seen)
            found |= {(each.what, each.alert.records[0][1]) for each in seen.changes}
        return found


@pytest.fixture
def court(tmp_path: Path) -> Iterator[Court]:
    made = Court(tmp_path)
    yield made
    made.ledger.close()


def put_back(court: Court, copy: Path) -> None:
    court.ledger.close()
    shutil.rmtree(court.data / FOLDER)
    shutil.copytree(copy, court.data / FOLDER)
    court.ledger = LedgerWriter(court.data / FOLDER)


def test_a_ledger_that_is_put_back_from_a_copy(court: Court, tmp_path: Path) -> None:
    court.feed(Kind.UPSERT, "W7", 2)
    assert court.told() == {(What.NEW, "W7")}
    court.ledger.close()
    shutil.copytree(court.data / FOLDER, tmp_path / "copy")
    court.ledger = LedgerWriter(court.data / FOLDER)
    court.feed(Kind.CANCEL, "W7")
    court.feed(Kind.UPSERT, "W8", 3)
    court.feed(Kind.CANCEL, "W1")
    assert court.told() == {(What.CANCELLED, "W7"), (What.NEW, "W8"), (What.CANCELLED, "W1")}
    put_back(court, tmp_path / "copy")
    assert court.told() == set(), "W8 stands, W7 and W1 do not, whatever the copy lacks"
    court.feed(Kind.HEARTBEAT, "")
    assert court.told() == set()
    court.number = 1  # the source sends again what the copy lacks
    court.feed(Kind.CANCEL, "W7")
    court.feed(Kind.UPSERT, "W8", 3)
    court.feed(Kind.CANCEL, "W1")
    assert court.told() == set()
    court.feed(Kind.CANCEL, "W8")
    court.feed(Kind.UPSERT, "W9", 1)
    assert court.told() == {(What.CANCELLED, "W8"), (What.NEW, "W9")}


def test_a_ledger_that_is_lost(court: Court) -> None:
    court.feed(Kind.UPSERT, "W7", 2)
    court.feed(Kind.CANCEL, "W1")
    assert court.told() == {(What.NEW, "W7"), (What.CANCELLED, "W1")}
    court.ledger.close()
    shutil.rmtree(court.data / FOLDER)
    court.ledger, court.number = LedgerWriter(court.data / FOLDER), 0
    court.feed(Kind.HEARTBEAT, "")
    assert court.told() == set()
    court.feed(Kind.UPSERT, "W9", 3)
    assert court.told() == {(What.NEW, "W9")}
    court.world.rows["oj"].clear()
    court.world.warrant("W10", cui_of(1), *WHO[1])
    written = court.world.write(court.registers.sources.parent / "later")
    shutil.copyfile(written.sources / "oj.csv", court.registers.sources / "oj.csv")
    court.build()
    assert court.told() == {(What.NEW, "W10"), (What.CANCELLED, "W7")}, "a later extract says what stands"


def test_a_register_that_is_withdrawn(court: Court) -> None:
    court.build(withdraw="oj")
    assert court.told() == set()
    court.feed(Kind.UPSERT, "W7", 2)
    assert court.told() == {(What.NEW, "W7")}, "what is fed is a word"
    court.build(as_of_s=AS_OF_S + HOUR_S)
    assert court.told() == set(), "the same extract as before"
    court.build()
    assert court.told() == set()


def test_a_roll_back_and_forward(court: Court) -> None:
    first = court.current
    court.world.warrant("W2", cui_of(2), *WHO[2])
    [row] = [row for row in court.world.rows["oj"] if row["ORDEN"] == "W1"]
    row["ESTADO"] = "CANCELADA"  # type: ignore[index]
    written = court.world.write(court.registers.sources.parent / "later")
    shutil.copyfile(written.sources / "oj.csv", court.registers.sources / "oj.csv")
    second = court.build()
    assert court.told() == {(What.NEW, "W2"), (What.CANCELLED, "W1")}
    for generation in (first, second, first):
        switch(court.data, generation)
        assert court.told() == set()
    court.build()
    assert court.told() == set()
