"""./run client-check: the wheel on the oldest and on the newest grpcio and protobuf, against a real server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.client.enrolled import Enrolled
from tests.feed.feeder_kit import development_server
from tests.feed.test_command import in_force, lines, row, upsert
from tests.release.conftest import ROOT, MakeEnvironment, run
from tests.trust.conftest import TrustedServer

WANTED = "8750313310502"
OLDEST = ROOT / "requirements" / "client-oldest.lock"

FEED = """
import sys
for room in ("core", "server", "indexer", "ronda", "clients"):
    try:
        __import__(room)
    except ImportError:
        continue
    raise AssertionError(room)
sys.argv[0] = "ronda-feed"
from ronda_client.commands.institution.feed_program import main
main()
"""
ASK = """
import asyncio, sys, warnings
warnings.simplefilter("error")
import google.protobuf, grpc
from ronda_client import AsyncRonda, Identity, QuestionRefused, Ronda, Row
from ronda_client.v1.level_pb2 import LEVEL_HIT
target, patrol, clerk = sys.argv[1:]
with Ronda(target, Identity.beside(patrol), why="TRAFFIC_STOP") as ronda:
    found = ronda.check("8750313310502")
    assert found.answer.level == LEVEL_HIT
    assert ronda.records(found.person.subject_id, "WARRANT").total
    assert ronda.registers().registers
    try:
        ronda.check_person(cui="123")
    except QuestionRefused as refused:
        assert [violation.field for violation in refused.violations] == ["cui"]
    else:
        raise AssertionError
async def awaited():
    async with AsyncRonda(target, Identity.beside(patrol), why="TRAFFIC_STOP") as ronda:
        assert (await ronda.check_vehicle(plate="P-323ZZB")).answer.level == LEVEL_HIT
asyncio.run(awaited())
with Ronda(target, Identity.beside(clerk), why="CLEARANCE") as ronda:
    rows = list(ronda.clear([Row(cui="8750313310502")] * 2500, "WANTED"))
    assert len(rows) == 2500 and all(row.references for row in rows)
print("asked with", grpc.__version__, google.protobuf.__version__)
"""


@pytest.mark.slow
@pytest.mark.parametrize("lock", [OLDEST, None], ids=["oldest", "newest"])
def test_the_wheel_asks(trusted: TrustedServer, with_wheel: MakeEnvironment, lock: Path | None) -> None:
    python = with_wheel(lock)
    kit = trusted.kit.directory
    Enrolled(trusted, "clerk-3", "clearance", "digecam")
    told = run(python, "-c", ASK, trusted.address, kit / "patrol", kit / "clerk-3")
    assert told.startswith("asked with ")
    print(told)  # noqa: T201


@pytest.mark.slow
def test_the_wheel_feeds_without_the_core(with_wheel: MakeEnvironment, tmp_path: Path) -> None:
    """`ronda-feed` alone: a file, a drop directory and its list of refused changes."""
    python = with_wheel(extra="[feed]")
    drop = tmp_path / "drop"
    drop.mkdir()
    with development_server(tmp_path, ["by-wheel"]) as field:
        server = ("--server", field.server.address)
        (tmp_path / "one.jsonl").write_text(lines(upsert("W-1"), upsert("W-2")), encoding="utf-8")
        told = json.loads(run(python, "-c", FEED, "push", tmp_path / "one.jsonl", "--json", *server))
        assert told["outcomes"] == {"TAKEN": 2}
        (drop / "two.jsonl").write_text(lines({**upsert("W-3"), "row": row("W-3", "QUIZAS")}), encoding="utf-8")
        run(python.parent / "ronda-feed", "folder", drop, "--from", "oj=3", "--once", *server)
        [refused] = json.loads(run(python, "-c", FEED, "refused", drop, "--json"))["refused"]
        assert (refused["sequence"], refused["record_id"]) == (3, "W-3")
        assert "al día" in run(python, "-c", FEED, "status", *server).lower()
        assert [name for name, _, _ in in_force(field, "by-wheel")] == ["W-1", "W-2"]
