"""./run lane-check: programs that nobody here wrote as clients of the lane, and the floods at length. Outside of CI."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client.enrolled import Enrolled
from tests.lane.bare import prefixed
from tests.lane.laned import CHECK_PERSON, Laned, LanedAtHome
from tests.lane.test_abuse import FLOODS, flood
from tests.release.checked_client_check import OLDEST
from tests.release.conftest import ROOT, MakeEnvironment, run, with_wheel
from tests.server.running_server import until
from tests.server.test_observed import samples_of
from tests.trust.trust_kit import Client, question

__all__ = ["with_wheel"]

WANTED, BROKEN = "8750313310502", "123"
EXAMPLES = ROOT / "examples"
FLOOD_S = 15.0
REQUESTS = 20_000


@pytest.fixture(scope="module")
def patrol(laned: Laned) -> Iterator[Path]:
    """Prefix of an identity's files."""
    Enrolled(laned, "patrol-lane")
    yield laned.kit.directory / "patrol-lane"


def answers(server: Laned | LanedAtHome) -> float:
    """Checks of a person that were answered, of all workers."""
    return samples_of(server.server.metrics()).get(("ronda_calls_total", "CheckPerson", "OK"), 0)


def test_grpc_js(laned: Laned, patrol: Path, tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES / "node", tmp_path / "node")
    subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=tmp_path / "node", check=True, timeout=240)
    asked = ("node", tmp_path / "node" / "check.js", ROOT / "proto", laned.lane, patrol)
    level, *hits = run(*asked, WANTED).splitlines()
    assert level == "LEVEL_HIT not green"
    assert hits
    run(*asked, "?", status=1)


def test_buf_curl(laned: Laned, patrol: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "BUF", str(Path(sys.executable).parent / "buf"))
    asked = (EXAMPLES / "buf" / "check.sh", ROOT / "proto", laned.lane, patrol)
    assert json.loads(run(*asked, WANTED))["answer"]["level"] == "LEVEL_HIT"


LANE = """
import asyncio, sys, time, warnings
warnings.simplefilter("error")
import grpc
from ronda_client import AsyncRonda, Identity, Ronda
from ronda_client.v1.level_pb2 import LEVEL_HIT
target, patrol, lane = sys.argv[1:]
lane = lane or None
ends = time.monotonic() + 20
with Ronda(target, Identity.beside(patrol), why="TRAFFIC_STOP", lane=lane) as ronda:
    while not ronda.lane:
        assert ronda.check("8750313310502").answer.level == LEVEL_HIT
        assert time.monotonic() < ends, "no lane"
    for _ in range(100):
        assert ronda.check("8750313310502").answer.level == LEVEL_HIT
    assert ronda.lane and ronda.registers().registers
async def awaited():
    async with AsyncRonda(target, Identity.beside(patrol), why="TRAFFIC_STOP", lane=lane) as ronda:
        while not ronda.lane:
            assert (await ronda.check_vehicle(plate="P-323ZZB")).answer.level == LEVEL_HIT
            assert time.monotonic() < ends, "no lane"
        for _ in range(100):
            assert (await ronda.check_vehicle(plate="P-323ZZB")).answer.level == LEVEL_HIT
asyncio.run(awaited())
print("asked with", grpc.__version__)
"""


@pytest.mark.parametrize("told", [False, True], ids=["given", "told by the server"])
@pytest.mark.parametrize("lock", [OLDEST, None], ids=["oldest", "newest"])
def test_the_clients_wheel(
    laned: Laned, patrol: Path, with_wheel: MakeEnvironment, lock: Path | None, told: bool
) -> None:
    said = run(with_wheel(lock), "-c", LANE, laned.address, patrol, "" if told else laned.lane)
    assert said.startswith("asked with ")


@pytest.mark.parametrize(("connections", "streams"), [(1, 1), (10, 10), (50, 1)])
def test_h2load(at_home: LanedAtHome, tmp_path: Path, connections: int, streams: int) -> None:
    """In development mode: it shows no client certificate. That its answers are answers, the server's count says."""
    body = tmp_path / "request"
    body.write_bytes(prefixed(question(cui=WANTED)))
    before = answers(at_home)
    words = ["h2load", "-n", str(REQUESTS), "-c", str(connections), "-m", str(streams), "-d", str(body)]
    for header in ("content-type: application/grpc", "te: trailers"):
        words += ["-H", header]
    told = run(*words, f"http://{at_home.lane}{CHECK_PERSON}")
    print(*re.findall(r"^finished in.*$", told, re.MULTILINE))  # noqa: T201
    assert f"{REQUESTS} succeeded, 0 failed, 0 errored, 0 timeout" in told
    assert f"status codes: {REQUESTS} 2xx" in told
    until(lambda: answers(at_home) == before + REQUESTS)


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_at_length(laned: Laned, name: str) -> None:
    attacker = Client(laned.kit.police.device("zona-1", "patrol-66"), ())
    flood(laned, attacker, laned.kit.patrol("patrol-67", "10067"), name, FLOOD_S)
