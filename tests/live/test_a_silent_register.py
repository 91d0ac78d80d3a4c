"""An alert that is listed no more is reported as cancelled only while its register speaks."""

from __future__ import annotations

import csv
import os
from dataclasses import replace
from pathlib import Path

import pytest

from core.access.grant import Grant
from core.engine.entry import Engine
from core.generation.store import Generation
from indexer.generations.publishing import current_generation
from indexer.pipeline import build
from server.recall import telling
from server.recall.store import RecallStore, Row
from server.recall.views import Views
from tests.indexer.small_registers import SmallRegisters, cui_of
from tests.kit.small_world import HEADERS
from tests.live.fed_world import AS_OF_S, built
from tests.live.test_a_view_answers_as_a_rebuild import MARTA, WHO, small_world
from tests.live.test_what_is_recalled import look

NOW_MS = AS_OF_S * 1000 + 1
MONTH_MS = 31 * 86_400_000  # longer than the manifest lets an extract be


class Looked:
    """An officer who looked everybody up, and the recalls that wait."""

    def __init__(self, registers: SmallRegisters, store: RecallStore) -> None:
        self.registers, self.store = registers, store
        self.views = Views(registers.data, store)
        self.take()

    def take(self) -> None:
        """The recall process looks at what serves."""
        seen = self.views.look()
        if seen is not None:
            self.store.take(seen.taken, [(each, [look("w/1/1")]) for each in seen.changes])
            self.views.done(seen)

    def waiting(self) -> list[Row]:
        """Not received yet."""
        return self.store.waiting("pnc/1", 0, NOW_MS, 10)

    def texts(self, clock_ms: int = NOW_MS) -> list[str]:
        """The texts of a stream at this moment."""
        generation = str(current_generation(self.registers.data))
        engine = Engine(Generation.open(self.registers.data / "generations" / generation))
        judged = (telling.told(row, engine, Grant.everything(), clock_ms) for row in self.waiting())
        return [message.text for message in judged if message is not None]


def without(registers: SmallRegisters, order: str) -> None:
    """The court's extract lists this order no more."""
    path = registers.sources / "oj.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["ORDEN"] != order]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, HEADERS["oj"].split(), restval="")
        writer.writeheader()
        writer.writerows(rows)
    os.utime(path, (AS_OF_S, AS_OF_S))


@pytest.fixture
def looked(tmp_path: Path) -> Looked:
    world = small_world()
    world.warrant("W9", cui_of(MARTA), *WHO[MARTA])
    return Looked(built(tmp_path, world), RecallStore(tmp_path / "recall"))


def test_a_register_that_was_withdrawn_cancels_no_warrant(looked: Looked) -> None:
    build(replace(looked.registers.options(), live=True, withdraw=("oj",)))
    looked.take()
    assert looked.waiting() == [], "its alerts are gone from what serves, and the court said nothing"
    without(looked.registers, "W9")
    later = AS_OF_S + 1
    os.utime(looked.registers.sources / "oj.csv", (later, later))
    build(replace(looked.registers.options(), live=True, accept_shrink=("oj",)))
    looked.take()
    [text] = looked.texts(NOW_MS + 2000)
    assert cui_of(MARTA) in text and text.startswith("CANCELADA: NO ACTÚE"), "a later extract without it says so"


def test_what_an_extract_lists_no_more(looked: Looked) -> None:
    without(looked.registers, "W9")
    build(replace(looked.registers.options(), live=True, accept_shrink=("oj",)))
    looked.take()
    assert [text[:19] for text in looked.texts()] == ["CANCELADA: NO ACTÚE"]
    assert looked.texts(NOW_MS + MONTH_MS) == [], "STALE: whoever asks is not told that nothing stands against her"
