"""./run lane-check: programs that nobody here wrote as clients of the lane, and the floods at length. Outside of CI."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.clients.packet_link import NEAR, PacketLink
from ronda.v1 import check_service_pb2, level_pb2
from tests.client.enrolled import Enrolled
from tests.kit.nation_kit import BuiltNation
from tests.lane.bare import prefixed
from tests.lane.laned import CHECK_PERSON, Laned, LanedAtHome, patrols_without_end, start_laned
from tests.lane.load import Load
from tests.lane.stub_process import FAST, Stub
from tests.lane.test_abuse import FLOODS, flood
from tests.release.checked_client_check import OLDEST
from tests.release.conftest import ROOT, MakeEnvironment, run, with_wheel
from tests.server.running_server import RunningServer, until
from tests.server.test_observed import samples_of
from tests.trust.trust_kit import Client, question

__all__ = ["with_wheel"]

WANTED = "8750313310502"
EXAMPLES = ROOT / "examples"
FLOOD_S = 15.0
REQUESTS = 20_000
K6_CALLS = 2_000


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
# The oldest protobuf calls utcfromtimestamp, of which Python 3.12 warns.
warnings.filterwarnings("ignore", category=DeprecationWarning, module="google[.]")
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


@pytest.mark.parametrize("callers", [1, 50])
def test_k6(laned: Laned, patrol: Path, tmp_path: Path, callers: int) -> None:
    """With its client certificate and token; each answer is read, and what k6 counted is what the server did."""
    before = answers(laned)
    told = tmp_path / "summary.json"
    words: list[str | Path] = [ROOT / "build" / "k6-venv" / "bin" / "k6", "run", "--quiet", "--no-usage-report"]
    words += ["--vus", str(callers), "--iterations", str(K6_CALLS), "--summary-export", told]
    words += ["-e", f"TARGET={laned.lane}", "-e", f"IDENTITY={patrol}", "-e", f"PROTO={ROOT / 'proto'}"]
    run(*words, EXAMPLES / "k6" / "check.js")
    metrics = json.loads(told.read_bytes())["metrics"]
    assert (metrics["checks"]["passes"], metrics["checks"]["fails"]) == (2 * K6_CALLS, 0)
    until(lambda: answers(laned) == before + K6_CALLS)


def test_curl(laned: Laned, patrol: Path, tmp_path: Path) -> None:
    """With its client certificate: HTTP/2 and its trailers as curl knows them, gRPC's bytes from a file."""
    (tmp_path / "request").write_bytes(prefixed(question(cui=WANTED)))
    words: list[str | Path] = ["curl", "-sS", "--http2", "--cacert", laned.kit.directory / "server-ca.pem"]
    words += [
        "--cert",
        f"{patrol}.pem",
        "--key",
        f"{patrol}.key",
        "-H",
        "content-type: application/grpc",
        "-H",
        "te: trailers",
        "-H",
    ]
    words += [f"authorization: Bearer {Path(f'{patrol}.token').read_text(encoding='ascii').strip()}"]
    words += ["--data-binary", f"@{tmp_path / 'request'}", "-D", "-", "-o", tmp_path / "answer"]
    told = run(*words, f"https://{laned.lane}{CHECK_PERSON}").splitlines()
    assert told[0].split() == ["HTTP/2", "200"]
    assert "grpc-status: 0" in told
    answer = check_service_pb2.CheckPersonResponse.FromString((tmp_path / "answer").read_bytes()[5:])
    assert answer.answer.level == level_pb2.LEVEL_HIT


# What a loop asks of the system while it answers: bytes come and go, and it waits.
OF_THE_LOG = {"fallocate", "fdatasync", "fsync", "statfs", "fstatfs", "openat", "rename", "pwrite64", "ftruncate"}
OF_A_LOOP = {"epoll_wait", "recvfrom", "sendto", "accept4", "epoll_ctl", "setsockopt", "close", "shutdown", "ioctl"}


def test_an_append_asks_the_system_for_nothing(at_home: LanedAtHome, tmp_path: Path) -> None:
    """Each of these answers is recorded; of the log's calls (fallocate, fdatasync, statfs) none is the loop's thread's.

    What may be seen besides, seldom: its eventfd, a wait for the log's lock, which others hold for microseconds, room
    given to other threads while it waits awake for the next call (docs/lane.md), memory that grows.
    """
    (worker,) = at_home.server.worker_pids()
    body = tmp_path / "request"
    body.write_bytes(prefixed(question(cui=WANTED)))
    traced = ["strace", "-f", "-qq", "-o", str(tmp_path / "calls"), "-p", str(worker)]
    with subprocess.Popen(traced, stderr=subprocess.PIPE, text=True) as tracer:
        until(lambda: tracer.poll() is not None or "TracerPid:\t0" not in Path(f"/proc/{worker}/status").read_text())
        if tracer.poll() is not None:
            pytest.skip(f"this system traces nobody: {tracer.communicate()[1]}")
        words = ["h2load", "-n", str(REQUESTS), "-c", "4", "-m", "10", "-d", str(body)]
        for header in ("content-type: application/grpc", "te: trailers"):
            words += ["-H", header]
        assert f"{REQUESTS} succeeded" in run(*words, f"http://{at_home.lane}{CHECK_PERSON}")
        tracer.terminate()
    calls: dict[str, Counter[str]] = defaultdict(Counter)  # by thread
    for line in (tmp_path / "calls").read_text(encoding="utf-8", errors="replace").splitlines():
        if said := re.match(r"(\d+) +(?:<\.\.\. )?(\w+)(?:\(| resumed>)", line):
            calls[said[1]][said[2]] += 1
    loop = max(calls.values(), key=lambda counted: counted["recvfrom"])
    print(dict(loop))  # noqa: T201
    assert loop["sendto"] > 100
    assert not set(loop) & OF_THE_LOG
    assert sum(calls for name, calls in loop.items() if name not in OF_A_LOOP) < REQUESTS / 10
    assert loop["futex"] < REQUESTS / 100


BAD_LINK = 0.1, 0.02  # seconds and share of packets lost, each way


@pytest.mark.skipif(
    os.geteuid() != 0 or not Path("/dev/net/tun").exists(), reason="a link of packets needs root and tun"
)
@pytest.mark.parametrize("ends", ["aged", "drained"])
def test_a_slow_reader_over_a_bad_link_gets_every_answer(ends: str) -> None:
    """7 MB at once take longer than nobody may read, and meanwhile the connection is asked to go."""
    calls, size = 120, 60_000
    settings = {"aged": {"age_ms": 1000}, "drained": {"patience_ms": 120_000}}[ends]
    with PacketLink(*BAD_LINK) as link, Stub(FAST, any=1, stall_ms=2000, **settings) as stub:
        words = [*link.inside, sys.executable, "-m", "tests.lane.far", NEAR, str(stub.port), str(calls), str(size)]
        with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as far:
            assert far.stdout is not None
            assert far.stdout.readline() == "asked\n"
            if ends == "drained":
                until(lambda: stub.look()["status_0"] == calls, 120)
                stub.send(signal.SIGTERM)
            told = json.loads(far.communicate(timeout=300)[0])
        print(told, link.lost, "of", link.sent, "packets lost")  # noqa: T201
        counters = stub.stop()
    assert told["whole"] == calls
    assert counters["ended_stalled"] == counters["drain_cut"] == 0
    assert link.lost > 10
    assert told["seconds"] > 2, "a link that is not slow proves nothing"


RESTARTS = 20


@pytest.mark.timeout(1800)
def test_twenty_restarts_fail_no_question(small_nation: BuiltNation, tmp_path: Path) -> None:
    """Four callers ask without a pause, one retry allowed, while one server after the other takes the addresses."""
    running = start_laned(small_nation, tmp_path, patrols_without_end, workers=2)
    servers = [running.server]
    at = {name: address.replace("localhost", "127.0.0.1") for name, address in running.both.items()}
    try:
        with Load(running, running.kit.patrol("patrol-48", "10048"), 4, again=True) as load:
            for number in range(RESTARTS):
                since = time.monotonic()
                until(lambda since=since: all(caller.answered_at > since for caller in load.callers), 60)
                servers[-1].process.send_signal(signal.SIGTERM)
                assert servers[-1].process.wait(60) == 0
                log = tmp_path / f"server-{number}.log"
                settings = {"workers": 2, "lane_listen": at["lane"], "listen": at["grpcio"], **running.kit.settings}
                servers.append(RunningServer(running.data, log, **settings).wait_ready())
    finally:
        servers[-1].stop()
    print(len(load.answered), "answers,", load.retries, "retries")  # noqa: T201
    assert load.refused == {}


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_at_length(laned: Laned, name: str) -> None:
    attacker = Client(laned.kit.police.device("zona-1", "patrol-66"), ())
    flood(laned, attacker, laned.kit.patrol("patrol-67", "10067"), name, FLOOD_S)
