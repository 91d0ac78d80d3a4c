"""Answers over live changes: the deltas are made again from the ledger, up to what each answer saw."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.ledger.change import Kind
from ronda.v1 import check_service_pb2 as checks
from tests.indexer.small_registers import cui_of
from tests.kit.ports import free_port
from tests.live.stating import StatingWorld, states_to
from tests.live.test_a_running_server import Live
from tests.replay.replay_kit import Log
from tests.server.running_server import until

LUIS = checks.CheckPersonRequest(cui=cui_of(2))
PLATE = checks.CheckVehicleRequest(plate="P-123BCD")
NAME = checks.CheckRequest(query="LUIS ALBERTO POP TZUL")


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Log]:
    """A warrant comes and goes, another is cancelled, the writer is killed and comes back; the next extract states that
    it holds all that, and lists what was cancelled. Asked meanwhile."""
    directory = Path(tmp_path_factory.mktemp("live"))
    lane = f"127.0.0.1:{free_port()}"
    live = Live(directory, StatingWorld(sequence=0), audit=directory / "audit", lane_listen=lane)
    try:
        live.levels(LUIS)
        live.warrant("W9", cui_of(2), "LUIS ALBERTO POP TZUL", "1975-01-20")
        until(lambda: live.levels(LUIS) == live.levels(LUIS, lane) == {"HIT"})
        live.levels(NAME, lane)
        live.feed(Kind.CANCEL, "W9")
        live.feed(Kind.CANCEL, "W1")
        until(lambda: live.levels(PLATE) == {"CLEAR"})
        live.warrant("W10", live.cui, "ANA LUCIA CAAL CHOC", "1980-05-17")
        until(lambda: live.levels(PLATE, lane) == {"HIT"})
        live.writer.kill()
        live.writer.wait()
        until(lambda: live.levels(LUIS) == {"INCOMPLETE"}, 30)
        live.feed(Kind.HEARTBEAT, "")
        live.writer = live.start_writer()
        until(lambda: live.levels(LUIS) == {"CLEAR"}, 30)
        live.feed(Kind.CANCEL, "W10")
        until(lambda: live.levels(PLATE) == {"CLEAR"})
        states_to(live.registers.sources, live.number)
        live.build()
        until(lambda: len(live.server.events("generation_serves")) == 4, 90)
        assert live.levels(PLATE) == {"POSSIBLE"}
    finally:
        live.stop()
    yield Log(live.registers.data, directory / "audit", live.registers.manifests)


def _each_once(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The last of each question at each state."""
    return list({(r["method"], r["generation"], r["sequence"]): r for r in records}.values())


def test_what_was_answered_over_live_changes_is_made_again(answered: Log) -> None:
    records = answered.answered()
    told = [answered.replayed(each["record"], 0) for each in _each_once(records)]
    assert {each["result"] for each in told} == {"EQUAL"}
    assert len({each["sequence"] for each in told}) > 4
    assert len({each["generation"] for each in told}) == 2
    assert {each["method"] for each in told} == {"CHECK", "CHECK_PERSON", "CHECK_VEHICLE"}


def test_other_manifests_make_no_claim(answered: Log, tmp_path: Path) -> None:
    seen = next(each for each in answered.answered() if each["sequence"])
    assert Log(answered.data, answered.audit).why(seen["record"]) == "LINKING", "the shipped ones, not the world's"


def test_a_ledger_that_is_gone_makes_no_claim(answered: Log) -> None:
    seen = next(each for each in answered.answered() if each["sequence"])
    away = answered.data.with_name("ledger-away")
    (answered.data / "ledger").rename(away)
    try:
        assert answered.why(seen["record"]) == "LEDGER"
    finally:
        away.rename(answered.data / "ledger")
