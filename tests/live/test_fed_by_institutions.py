"""A warrant's way through real parts: a court's database, file or bus, the feed, the ledger, the view, every worker."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ronda.demo.postgres_cluster import PostgresCluster
from ronda.v1 import check_service_pb2 as checks
from tests.feed.outbox_kit import outbox_database
from tests.feed.test_jetstream import SERVER, Broker
from tests.indexer.small_registers import cui_of
from tests.kit.small_world import SmallWorld, cleared
from tests.live.live_kit import RunningLive
from tests.server.running_server import ROOT, until

WHO = {1: ("ANA LUCIA CAAL CHOC", "1980-05-17"), 2: ("LUIS ALBERTO POP TZUL", "1975-01-20")}
WHO |= {3: ("MARTA ELENA GARCIA LOPEZ", "1990-11-02"), 4: ("JOSE MANUEL PEREZ RAMIREZ", "1966-07-30")}
_COURT = {"institution": "oj", "registers": ["oj"], "silent_s": 3600}
SOURCES = dict.fromkeys(("by-outbox", "by-push", "by-bus"), _COURT)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLive]:
    world = SmallWorld()
    for number, (name, born) in WHO.items():
        world.person(number, name, born)
    world.car(4, "P-123BCD", [{"CUI": cui_of(4), "NOMBRE": WHO[4][0]}])
    world.warrant("W4", cui_of(4), *WHO[4])
    running = RunningLive(tmp_path_factory.mktemp("fed"), world, feed_sources=json.dumps(SOURCES))
    yield running
    running.stop()


def warrant(number: int) -> dict[str, str]:
    """The row of a pending warrant on somebody."""
    name, born = WHO[number]
    who = {"CUI": cui_of(number), "NOMBRE": name, "NACIMIENTO": born}
    return {"ORDEN": f"W{number}", **who, "ESTADO": "PENDIENTE", "FECHA": "2024-02-03", "DELITO": "ROBO"}


def issued_and_cancelled(live: RunningLive, number: int, issue: Callable[[], Any], cancel: Callable[[], Any]) -> None:
    asked = checks.CheckPersonRequest(cui=cui_of(number))
    assert live.levels(asked) == {"CLEAR"}
    issue()
    until(lambda: live.levels(asked) == {"HIT"}, 60)
    assert [result for result, _ in cleared(live.ask, cuis=[cui_of(number)])] == ["WITH_RECORD"]
    cancel()
    until(lambda: live.levels(asked) == {"CLEAR"}, 60)


@contextmanager
def sending(live: RunningLive, *words: str) -> Iterator[None]:
    """A program of the court's that goes on."""
    program = subprocess.Popen(
        [sys.executable, "-m", "ronda.command", "feed", *words, "--server", live.server.address],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield
    finally:
        program.kill()
        program.wait()


def test_through_the_courts_database(live: RunningLive, postgres: PostgresCluster, tmp_path: Path) -> None:
    dsn = outbox_database(postgres, "outbox_live")
    options = ("--dsn", dsn, "--state", str(tmp_path / "outbox.state"), "--source", "by-outbox")
    put = "INSERT INTO ronda_outbox (register, record_id, kind, cells) VALUES ('oj', %s, %s, %s)"
    with sending(live, "outbox", *options), psycopg.connect(dsn, autocommit=True) as court:
        issued_and_cancelled(
            live,
            1,
            lambda: court.execute(put, ("W1", "UPSERT", json.dumps(warrant(1)))),
            lambda: court.execute(put, ("W1", "CANCEL", None)),
        )


def test_through_a_push_stream(live: RunningLive, tmp_path: Path) -> None:
    """By the command that holds one; what an extract stated is cancelled alike, by the plate of what he owns too."""

    def push(name: str, **change: Any) -> None:
        file = tmp_path / f"{name}.json"
        file.write_text(json.dumps({"register": "oj", "event_time": "2026-11-20T10:00:00-06:00", **change}))
        subprocess.run(
            [sys.executable, "-m", "ronda.command", "feed", "push", str(file), "--source", "by-push",
             "--server", live.server.address],
            cwd=ROOT, check=True, capture_output=True, timeout=120,
        )  # fmt: skip

    issued_and_cancelled(
        live,
        2,
        lambda: push("issue", id="W2", sequence=1, row=warrant(2)),
        lambda: push("cancel", id="W2", sequence=2, kind="CANCEL"),
    )
    by_plate = checks.CheckVehicleRequest(plate="P-123BCD")
    assert live.levels(by_plate) == {"HIT"}
    push("another", id="W4", sequence=3, kind="CANCEL")
    until(lambda: live.levels(by_plate) == {"CLEAR"}, 60)


@pytest.mark.skipif(SERVER is None, reason="no nats-server: apt-get install nats-server")
def test_through_a_bus(live: RunningLive, tmp_path: Path) -> None:
    broker = Broker(tmp_path / "jetstream")
    try:
        broker.ask(lambda js: js.add_stream(name="OJ", subjects=["oj.changes"]))

        def put(sequence: int, **change: Any) -> None:
            stated = {"register": "oj", "id": "W3", "sequence": sequence, "event_time": f"{datetime.now(UTC):%FT%TZ}"}
            broker.put(json.dumps({**stated, **change}).encode())

        words = ["--servers", broker.url, "--stream", "OJ", "--subject", "oj.changes", "--source", "by-bus"]
        words += ["--state", str(tmp_path / "bus.state")]
        with sending(live, "jetstream", *words):
            issued_and_cancelled(live, 3, lambda: put(1, row=warrant(3)), lambda: put(2, kind="CANCEL"))
    finally:
        broker.kill()
