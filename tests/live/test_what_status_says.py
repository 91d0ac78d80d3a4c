"""`ronda feed status` says of a register what answers say, and why: never that all is well while they are grey."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from core.generation.manifest import checksum_of
from core.generation.view_file import LIVE, VIEW, read_view
from indexer.generations.publishing import current_generation
from ronda.v1 import check_service_pb2 as checks
from ronda.v1.register_pb2 import RegisterState
from server.feed.shown import shown_registers
from tests.feed.feed_kit import SOURCES
from tests.indexer.small_registers import cui_of
from tests.kit.small_world import SmallWorld
from tests.live.fed_world import AS_OF_S, FedWorld
from tests.live.live_kit import RunningLive
from tests.server.running_server import ROOT, until

CLEAN = checks.CheckPersonRequest(cui=cui_of(2))
_DAY_MS = 86_400_000


@pytest.fixture
def live(tmp_path: Path) -> Iterator[RunningLive]:
    world = SmallWorld()
    world.warrant("W1", world.person(1, "ANA LUCIA CAAL CHOC"))
    world.person(2, "LUIS ALBERTO POP TZUL", "1975-01-20")
    running = RunningLive(tmp_path, world, feed_sources=json.dumps({"oj-central": SOURCES["oj-central"]}), workers=1)
    try:
        yield running
    finally:
        running.stop()


def feed(live: RunningLive, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "ronda.command", "feed", *words, "--server", live.server.address],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=120, env={**os.environ, "COLUMNS": "300"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def of_oj(live: RunningLive) -> dict[str, Any]:
    found = json.loads(feed(live, "status", "--json"))["positions"]
    [position] = [each for each in found if each["register_id"] == "oj"]
    return dict(position)


def test_it_says_what_answers_say(live: RunningLive, tmp_path: Path) -> None:
    changes = [{"id": "W-NONE", "kind": "CANCEL"}, {"id": " W1", "kind": "CANCEL"}, {"id": "W1 B", "kind": "CANCEL"}]
    told = [{"register": "oj", "event_time": "2026-11-20T10:00:00-06:00", **each} for each in changes]
    (tmp_path / "changes.jsonl").write_text("".join(json.dumps(each) + "\n" for each in told), encoding="utf-8")
    feed(live, "push", str(tmp_path / "changes.jsonl"))
    until(lambda: "oj: cancelaciones que no nombran nada, y no cerraron nada: 2." in feed(live, "status"), 60)
    until(lambda: live.levels(CLEAN) == {"CLEAR"}, 30)
    assert of_oj(live)["shown"] == "REGISTER_STATE_FRESH"
    assert "NO AL DÍA" not in feed(live, "status")
    live.writer.kill()
    live.writer.wait()
    until(lambda: live.levels(CLEAN) == {"INCOMPLETE"}, 30)
    assert of_oj(live)["shown_reason"] == "WRITER"
    assert "NO AL DÍA: ronda live no aplica los cambios" in feed(live, "status")
    data = live.registers.data
    (data / LIVE / str(current_generation(data)) / VIEW).write_bytes(b"{}")
    until(lambda: of_oj(live)["shown_reason"] == "WRITER VIEW", 30)
    assert "los cambios aplicados no se pueden leer" in feed(live, "status")
    live.writer = live.start_writer()
    until(lambda: live.levels(CLEAN) == {"CLEAR"}, 60)
    assert "NO AL DÍA" not in feed(live, "status")


@pytest.mark.parametrize(
    ("days", "state", "reasons"),
    [
        (0, RegisterState.REGISTER_STATE_FRESH, ()),
        (400, RegisterState.REGISTER_STATE_STALE, ("AGE",)),
        (-1, RegisterState.REGISTER_STATE_STALE, ("AHEAD",)),
    ],
)
def test_why_a_register_is_stale_where_its_feed_is_well(
    fed: FedWorld, days: int, state: RegisterState, reasons: tuple[str, ...]
) -> None:
    keeper: Any = SimpleNamespace(engine=fed.engine_of(fed.writer.base), live=fed.levels)
    shown = shown_registers(keeper, AS_OF_S * 1000 + days * _DAY_MS)["oj"]
    assert (shown.state, shown.reasons) == (state, reasons)
    keeper.engine = None
    assert shown_registers(keeper, AS_OF_S * 1000) == {}


def test_a_view_of_the_release_before_is_read(tmp_path: Path) -> None:
    """It does not count cancellations that name nothing."""
    register = {"as_of_ms": 1, "stale": True, "refused": {"unknown_code": 2}}
    stated = {"view_version": 1, "base": "20261201T000000Z-00000001", "sequence": 9, "deltas": [], "made_with": "x"}
    stated |= {"ledger": "", "registers": {"oj": register}}
    (tmp_path / VIEW).write_text(json.dumps({**stated, "checksum": checksum_of(stated)}), encoding="ascii")
    found = read_view(tmp_path).registers["oj"]
    assert (found.refused, found.naming_nothing) == ({"unknown_code": 2}, 0)
