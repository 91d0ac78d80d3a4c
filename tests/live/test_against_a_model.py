"""Changes, gaps, rebuilds of older extracts, roll-backs and crashes in any order, against plain Python (naive_live.py).

The ledger, the follower, the generations and the opened view are real. Replays and overtaking end before the ledger:
tests/feed/test_push_machine.py holds them against another model.
"""

from __future__ import annotations

import copy
import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from core.access.grant import Grant
from core.engine.entry import METHODS, Engine
from core.generation.store import Generation
from core.ledger.change import Change, Kind
from core.ledger.reader import FOLDER
from core.ledger.writer import LedgerWriter
from indexer.generations.publishing import GENERATIONS, current_generation, published_generations, switch
from indexer.live.following import Follower
from indexer.manifest.loading import load_manifests
from indexer.pipeline import build
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import level_pb2
from server.calls.live_levels import LiveLevels
from tests.indexer.small_registers import SmallRegisters, cui_of
from tests.kit.small_world import SmallWorld
from tests.live.fed_world import AS_OF_S, built
from tests.live.naive_live import Extract, NaiveLive, Warrant
from tests.live.stating import FEED, SEQUENCE, StatingWorld

WHO = {
    1: ("ANA LUCIA CAAL CHOC", "1980-05-17"),
    2: ("LUIS ALBERTO POP TZUL", "1975-01-20"),
    3: ("MARTA GARCIA", "1990-11-02"),
}
OWNER, PLATE = 1, "P-123BCD"
NOW_MS = AS_OF_S * 1000
PERSONS = st.sampled_from(sorted(WHO))
RECORDS = st.sampled_from(["W1", "W2", "W3", "W4"])


def row(record_id: str, warrant: Warrant) -> dict[str, str]:
    name, born = WHO[warrant.person]
    who = {"CUI": cui_of(warrant.person), "NOMBRE": name, "NACIMIENTO": born}
    state = "PENDIENTE" if warrant.pending else "CANCELADA"
    return {"ORDEN": record_id, **who, "ESTADO": state, "FECHA": "2024-02-03", "DELITO": "ROBO"}


EXTRACT = {"W1": Warrant(1, pending=True), "W2": Warrant(2, pending=False)}


def small_world(warrants: dict[str, Warrant]) -> SmallWorld:
    world = StatingWorld(sequence=0)
    for number, (name, born) in WHO.items():
        world.person(number, name, born)
    world.car(OWNER, PLATE, [{"CUI": cui_of(OWNER), "NOMBRE": WHO[OWNER][0]}])
    world.rows["oj"] = [row(record_id, warrant) for record_id, warrant in sorted(warrants.items())]
    world.rows["oj"].append({**row("W0", Warrant(3, pending=False)), "CUI": "", "NOMBRE": "OTRA PERSONA TUYUC"})
    return world


class LiveMachine(RuleBasedStateMachine):
    base: ClassVar[SmallRegisters]

    @initialize()
    def start(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="ronda-live-"))
        self.registers = self.base.copied(self.directory / "small")
        self.data = self.registers.data
        self.ledger = LedgerWriter(self.data / FOLDER)
        self.on_disk = EXTRACT  # what the court's file lists
        self.model = NaiveLive(Extract(self.on_disk))
        self.extracts = {str(current_generation(self.data)): self.model.extract}
        self.sequence = 0
        self.follower = self.new_follower()
        self.levels: LiveLevels | None = None

    def new_follower(self) -> Follower:
        return Follower(self.data, str(current_generation(self.data)), load_manifests(self.registers.manifests))

    def append(self, kind: Kind, record_id: str = "", **cells: str) -> None:
        self.sequence += 1
        change = Change(
            kind, "oj", FEED, record_id=record_id, source_sequence=self.sequence, event_ms=NOW_MS, record=cells
        )
        self.ledger.append([change], NOW_MS)

    # ---- what happens ----

    @rule(record_id=RECORDS, person=PERSONS, pending=st.booleans())
    def upsert(self, record_id: str, person: int, pending: bool) -> None:
        warrant = Warrant(person, pending)
        self.append(Kind.UPSERT, record_id, **row(record_id, warrant))
        self.model.upsert(self.sequence, record_id, warrant)

    @rule(record_id=RECORDS)
    def cancel(self, record_id: str) -> None:
        self.append(Kind.CANCEL, record_id)
        self.model.cancel(self.sequence, record_id)

    @rule(record_id=RECORDS, person=PERSONS)
    def issue_and_cancel_at_once(self, record_id: str, person: int) -> None:
        self.upsert(record_id, person, pending=True)
        self.cancel(record_id)

    @rule(lacking=st.booleans())
    def gap(self, lacking: bool) -> None:
        self.append(Kind.STALE if lacking else Kind.FRESH)
        self.model.lacking = lacking

    @rule(whole=st.booleans(), back=st.integers(-1, 3))
    def rebuild(self, whole: bool, back: int) -> None:
        """From the extract as it ever was, which lists what was cancelled, or from one that caught up.

        back: it states that it holds the feed to so many changes before the last one; -1 = nothing of it.
        """
        holds_to = 0 if back < 0 else max(0, self.sequence - back)
        if whole:
            self.on_disk = self.model.now()
            written = small_world(self.on_disk).write(self.directory / "written")
            shutil.copyfile(written.sources / "oj.csv", self.registers.sources / "oj.csv")
            shutil.rmtree(self.directory / "written")
        self.model.extract = Extract(self.on_disk, holds_to)
        (self.registers.sources / SEQUENCE).write_text(str(holds_to))
        for file in self.registers.sources.iterdir():
            os.utime(file, (AS_OF_S, AS_OF_S))
        build(replace(self.registers.options(), live=True, accept_shrink=["oj", "oj/WARRANT"]))
        self.extracts[str(current_generation(self.data))] = self.model.extract

    @precondition(lambda self: len(published_generations(self.data)) > 1)
    @rule(at=st.integers(0, 100))
    def roll_back(self, at: int) -> None:
        others = sorted(set(published_generations(self.data)) - {current_generation(self.data)})
        chosen = others[at % len(others)]
        switch(self.data, chosen)
        self.model.extract = self.extracts[chosen]

    @rule()
    def crash(self) -> None:
        """The writer is gone without a word, and what it was at lies about."""
        self.follower._held.close()
        self.follower = self.new_follower()

    @rule()
    def damage(self) -> None:
        """A power cut: what was never synced is torn."""
        for file in (self.data / "live").glob("*/*/keys.mdb"):
            torn = file.with_suffix(".torn")
            torn.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
            torn.rename(file)
        self.follower._mend_at = 0.0

    # ---- what must hold ----

    @invariant()
    def says_what_the_model_says(self) -> None:
        if self.follower.base_id != current_generation(self.data):
            self.follower.__exit__(None, None, None)
            self.follower = self.new_follower()
        self.follower.step()
        if self.levels is None or self.levels.base_id != self.follower.base_id:
            base = Generation.open(self.data / GENERATIONS / self.follower.base_id)
            self.levels, self.view = LiveLevels(base, self.data), base
        self.view = self.levels.look() or self.view
        engine = Engine(self.view)
        for person in WHO:
            assert level(engine, checks.CheckPersonRequest(cui=cui_of(person))) == self.model.level(person), person
        assert level(engine, checks.CheckVehicleRequest(plate=PLATE)) == self.model.level(OWNER)

    def teardown(self) -> None:
        if hasattr(self, "follower"):
            self.follower._held.close()
            self.ledger.close()
            shutil.rmtree(self.directory)


def level(engine: Engine, request: Any) -> str:
    name = type(request).__name__.removesuffix("Request")
    answer = engine.answer(METHODS[name], request.SerializeToString(), Grant.everything(), NOW_MS + 1000)
    found = getattr(checks, f"{name}Response").FromString(answer).answer.level
    return str(level_pb2.Level.Name(found)).removeprefix("LEVEL_")


@pytest.mark.slow
def test_whatever_happens_in_whatever_order(tmp_path_factory: pytest.TempPathFactory) -> None:
    LiveMachine.base = built(tmp_path_factory.mktemp("model"), copy.deepcopy(small_world(EXTRACT)))
    run_state_machine_as_test(LiveMachine, settings=settings(max_examples=3, stateful_step_count=12, deadline=None))
