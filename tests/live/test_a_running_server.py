"""A warrant is in a running server's answers at once, and so is its cancellation: `ronda live` beside `ronda serve`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.ledger.change import Change, Kind
from core.ledger.reader import FOLDER
from core.ledger.writer import LedgerWriter
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import clearance_service_pb2 as clearance
from tests.indexer.small_registers import cui_of
from tests.kit.ports import free_port
from tests.kit.small_world import SmallWorld, cleared
from tests.live.live_kit import RunningLive
from tests.live.stating import StatingWorld, states_to
from tests.server.running_server import ROOT, clear, until


class Live(RunningLive):
    """A server and the writer beside it, and the ledger that both live of, written here."""

    def __init__(self, directory: Path, world: SmallWorld | None = None, **settings: object) -> None:
        self.world = world or SmallWorld()
        self.cui = self.world.person(1, "ANA LUCIA CAAL CHOC")
        self.world.person(2, "LUIS ALBERTO POP TZUL", "1975-01-20")
        self.world.warrant("W1", self.cui, "ANA LUCIA CAAL CHOC", "1980-05-17")
        self.world.car(1, "P-123BCD", [{"CUI": self.cui, "NOMBRE": "ANA LUCIA CAAL CHOC"}])
        super().__init__(directory, self.world, **settings)
        self.ledger = LedgerWriter(self.registers.data / FOLDER)
        self.number = 0

    def stop(self) -> None:
        super().stop()
        self.ledger.close()

    def feed(self, kind: Kind, record_id: str, **cells: str) -> None:
        self.number += 1
        now = time.time_ns() // 1_000_000
        change = Change(
            kind, "oj", "court", record_id=record_id, source_sequence=self.number, event_ms=now, record=cells
        )
        self.ledger.append([change], now)

    def warrant(self, record_id: str, cui: str, name: str, born: str) -> None:
        cells = {"ORDEN": record_id, "CUI": cui, "NOMBRE": name, "NACIMIENTO": born}
        self.feed(Kind.UPSERT, record_id, **cells, ESTADO="PENDIENTE", FECHA="2024-02-03", DELITO="ROBO")


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    world = Live(tmp_path)
    try:
        yield world
    finally:
        world.stop()


def test_a_view_is_seen_at_once_however_seldom_a_worker_looks_whether_the_writer_is_well(tmp_path: Path) -> None:
    world = Live(tmp_path, live_poll_ms=10_000)
    try:
        luis = checks.CheckPersonRequest(cui=cui_of(2))
        world.warrant("W0", cui_of(2), "LUIS ALBERTO POP TZUL", "1975-01-20")
        until(lambda: world.levels(luis) == {"HIT"}, 60.0)
        began = time.monotonic()
        for number in range(6):
            world.feed(Kind.CANCEL, f"W{number}")
            until(lambda: world.levels(luis) == {"CLEAR"}, 60.0)
            world.warrant(f"W{number + 1}", cui_of(2), "LUIS ALBERTO POP TZUL", "1975-01-20")
            until(lambda: world.levels(luis) == {"HIT"}, 60.0)
        assert time.monotonic() - began < 11 * 10, "one look each would take that long"
    finally:
        world.stop()


def test_issued_seen_cancelled_green(live: Live) -> None:
    luis = checks.CheckPersonRequest(cui=cui_of(2))
    assert live.levels(luis) == {"CLEAR"}
    live.warrant("W9", cui_of(2), "LUIS ALBERTO POP TZUL", "1975-01-20")
    until(lambda: live.levels(luis) == {"HIT"})
    assert [result for result, _ in cleared(live.ask, cuis=[cui_of(2)])] == ["WITH_RECORD"]
    live.feed(Kind.CANCEL, "W9")
    until(lambda: live.levels(luis) == {"CLEAR"})
    # of the base, by the plate of what she owns
    by_plate = checks.CheckVehicleRequest(plate="P-123BCD")
    assert live.levels(by_plate) == {"HIT"}
    live.feed(Kind.CANCEL, "W1")
    until(lambda: live.levels(by_plate) == {"CLEAR"})


def test_a_rebuild_revives_nothing(live: Live) -> None:
    """The registers' files still list the warrant as pending: an asker meanwhile never sees it again."""
    ana = checks.CheckPersonRequest(cui=live.cui)
    live.feed(Kind.CANCEL, "W1")
    until(lambda: live.levels(ana) == {"CLEAR"})
    before = live.server.events("generation_serves")
    live.build()
    seen: set[str] = set()

    def switched() -> bool:
        seen.update(live.levels(ana))
        return len(live.server.events("generation_serves")) == len(before) + 2

    until(switched, 30)
    seen.update(live.levels(ana))
    assert seen == {"CLEAR"}


def test_a_killed_writer_makes_its_registers_stale_and_goes_on(live: Live) -> None:
    luis = checks.CheckPersonRequest(cui=cui_of(2))
    live.feed(Kind.HEARTBEAT, "")
    until(lambda: "oj" in live.fed())
    live.writer.kill()
    live.writer.wait()
    live.warrant("W9", cui_of(2), "LUIS ALBERTO POP TZUL", "1975-01-20")
    until(lambda: live.levels(luis) == {"INCOMPLETE"}, 30)
    until(lambda: 'ronda_register_state{register="oj",state="STALE"} 1.0' in live.server.metrics())
    live.writer = live.start_writer()
    until(lambda: live.levels(luis) == {"HIT"}, 30)
    until(lambda: 'ronda_register_state{register="oj",state="FRESH"} 1.0' in live.server.metrics())
    until(lambda: "ronda_view_sequence 2.0" in live.server.metrics())


def test_an_extract_that_states_the_feed_and_lists_what_was_cancelled(tmp_path: Path) -> None:
    """The officer reads it in the command's answer; and each batch of a clearance says of which changes it knows."""
    live = Live(tmp_path, StatingWorld(sequence=0))
    try:
        ana = checks.CheckPersonRequest(cui=live.cui)
        assert (live.levels(ana), live_changes(live)) == ({"HIT"}, "")
        live.feed(Kind.CANCEL, "W1")
        until(lambda: live.levels(ana) == {"CLEAR"})
        assert live_changes(live) == "1"
        states_to(live.registers.sources, 1)
        live.build()
        until(lambda: live.levels(ana) == {"POSSIBLE"}, 60)
        said = subprocess.run(
            [sys.executable, "-m", "ronda.command", "check", live.cui, "--server", live.server.address],
            cwd=ROOT, capture_output=True, text=True, check=False, timeout=60, env={**os.environ, "COLUMNS": "200"},
        ).stdout  # fmt: skip
        assert said.startswith("AMARILLO: POSIBLE")
        assert re.search(r"Nota: cancelada según Organismo Judicial \d\d/\d\d \d\d:\d\d: confirme", said)
        live.warrant("W1", live.cui, "ANA LUCIA CAAL CHOC", "1980-05-17")
        until(lambda: live.levels(ana) == {"HIT"})
        assert live_changes(live) == "2"
    finally:
        live.stop()


def live_changes(live: Live) -> str:
    """Returns what the next batch of a clearance states."""
    batch = clearance.ClearRequest(standard="CLEARANCE_STANDARD_WANTED", row_ids=[0], cuis=[live.cui])
    (found,) = clear(live.ask.channel, iter([batch.SerializeToString()]))
    return clearance.ClearResponse.FromString(found).ledger_sequence


def test_the_express_lane_sees_the_same(tmp_path: Path) -> None:
    lane = f"127.0.0.1:{free_port()}"
    live = Live(tmp_path, lane_listen=lane)
    try:
        luis = checks.CheckPersonRequest(cui=cui_of(2))
        by_plate = checks.CheckVehicleRequest(plate="P-123BCD")
        by_name = checks.CheckRequest(query="LUIS ALBERTO POP TZUL")
        assert (live.levels(luis, lane), live.levels(by_plate, lane)) == ({"CLEAR"}, {"HIT"})
        live.warrant("W9", cui_of(2), "LUIS ALBERTO POP TZUL", "1975-01-20")
        live.feed(Kind.CANCEL, "W1")
        until(lambda: live.levels(luis, lane) == {"HIT"} and live.levels(by_plate, lane) == {"CLEAR"})
        assert live.levels(by_name, lane) == {"POSSIBLE"}
        live.feed(Kind.CANCEL, "W9")
        until(lambda: live.levels(luis, lane) == {"CLEAR"})
    finally:
        live.stop()
