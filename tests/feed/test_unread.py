"""A message received and not readable keeps its source from saying that it is up to date, until it is settled."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from core.ledger.change import RECORD_KINDS
from ronda.demo.postgres_cluster import PostgresCluster
from tests.feed.feeder_kit import development_server, entries, feeder, heartbeats
from tests.feed.outbox_kit import outbox_database
from tests.feed.test_command import DevelopmentServer, feed, in_force, lines, row, upsert
from tests.feed.test_jetstream import SERVER, Broker, change
from tests.kit import stepped_clock
from tests.server.running_server import until


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevelopmentServer]:
    names = ("by-bus", "by-torn-bus", "by-purged-bus", "by-folder", "by-strange-row", "by-a-clock-ahead")
    with development_server(tmp_path_factory.mktemp("unread"), names) as running:
        yield running


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    running = Broker(tmp_path / "jetstream")
    running.ask(lambda js: js.add_stream(name="OJ", subjects=["oj.changes"]))
    yield running
    running.kill()


def bus(broker: Broker, state: Path, source: str) -> tuple[str, ...]:
    return (
        *("jetstream", "--servers", broker.url, "--stream", "OJ", "--subject", "oj.changes"),
        *("--source", source, "--state", str(state)),
    )


@pytest.mark.skipif(SERVER is None, reason="no nats-server: apt-get install nats-server")
def test_no_heartbeat_while_messages_are_unread(field: DevelopmentServer, broker: Broker, tmp_path: Path) -> None:
    """Each way of being no change, and a register that the source may not feed; each beat reports all by place."""
    words = bus(broker, tmp_path / "state", "by-bus")
    odd = [
        change("N-2", 2)[:60],
        json.dumps({**upsert("N-2", 2), "kind": "BORRAR"}).encode(),
        json.dumps({**upsert("N-2", 2), "id": None}).encode(),
        json.dumps({**upsert("N-2", 2), "sequence": "2"}).encode(),
        json.dumps({**upsert("N-2", 2), "register": "ojj"}).encode(),
        change("N-2", 2_000_000),
    ]
    broker.put(change("N-1", 1), *odd)
    with feeder(field.server.address, tmp_path / "log", *words) as running:
        for place in range(2, 8):
            running.wait_for(f"mensaje {place} del stream", times=2)
        broker.put(change("N-9", 2))
        until(lambda: len(unsettled(field, "by-bus")) == 2, 60.0)
        assert unsettled(field, "by-bus") == [(1, True), (2, True)], "changes that go on coming are no sign"
        assert "mensaje 3 del stream (oj 2)" in running.said  # its number can be read
    assert heartbeats(field, "by-bus") == []
    with feeder(field.server.address, tmp_path / "log", *words) as running:  # another run knows of them
        running.wait_for("mensaje 2 del stream", times=2)
    assert heartbeats(field, "by-bus") == []
    put_aside = [word for place in range(2, 8) for word in ("--skip", str(place))]
    with feeder(field.server.address, tmp_path / "log", *words, *put_aside):
        until(lambda: heartbeats(field, "by-bus"), 60.0)
    assert set(heartbeats(field, "by-bus")) == {2}


def unsettled(field: DevelopmentServer, source: str) -> list[tuple[int, bool]]:
    """Number of each change of a source, and whether the source said that it was not up to date."""
    changes = [each for each in entries(field, source) if each.kind in RECORD_KINDS]
    return [(each.source_sequence, each.unsettled) for each in changes]


@pytest.mark.skipif(SERVER is None, reason="no nats-server: apt-get install nats-server")
def test_a_later_message_under_its_number_settles_it(field: DevelopmentServer, broker: Broker, tmp_path: Path) -> None:
    words = bus(broker, tmp_path / "state", "by-torn-bus")
    broker.put(change("N-1", 1), json.dumps({**upsert("N-2", 2), "row": {"ORDEN": 2}}).encode())
    with feeder(field.server.address, tmp_path / "log", *words) as running:
        running.wait_for("mensaje 2 del stream (oj 2)", times=2)
        assert heartbeats(field, "by-torn-bus") == []
        broker.put(change("N-2", 2))
        until(lambda: heartbeats(field, "by-torn-bus"), 60.0)
    assert set(heartbeats(field, "by-torn-bus")) == {2}


@pytest.mark.skipif(SERVER is None, reason="no nats-server: apt-get install nats-server")
def test_no_heartbeat_once_messages_went_unread(field: DevelopmentServer, broker: Broker, tmp_path: Path) -> None:
    """Purged, expired or pushed out at the stream's end while the program was away: no later number tells of them."""
    words = bus(broker, tmp_path / "state", "by-purged-bus")
    broker.put(change("N-1", 1))
    with feeder(field.server.address, tmp_path / "log", *words):
        until(lambda: heartbeats(field, "by-purged-bus"), 60.0)
    before = len(heartbeats(field, "by-purged-bus"))
    broker.put(change("N-2", 2), change("N-3", 3))
    broker.ask(lambda js: js.purge_stream("OJ"))
    with feeder(field.server.address, tmp_path / "log", *words) as running:
        running.wait_for("mensajes 2 a 3 del stream ya no están", times=2)
        assert len(heartbeats(field, "by-purged-bus")) == before
        broker.put(change("N-2", 2), change("N-3", 3))
        until(lambda: heartbeats(field, "by-purged-bus")[before:], 60.0)
    assert set(heartbeats(field, "by-purged-bus")[before:]) == {3}
    broker.put(change("N-4", 4))
    broker.ask(lambda js: js.purge_stream("OJ"))
    before = len(heartbeats(field, "by-purged-bus"))
    with feeder(field.server.address, tmp_path / "log", *words, "--new-stream"):
        until(lambda: len(heartbeats(field, "by-purged-bus")) > before, 60.0)


def test_no_heartbeat_while_a_file_lies_in_refused(field: DevelopmentServer, tmp_path: Path) -> None:
    """Nor while a file stays with a name that is not looked at."""
    folder = tmp_path / "drop"
    folder.mkdir()
    (folder / "1.jsonl").write_text(lines(upsert("D-1", 1)), encoding="utf-8")
    (folder / "2.jsonl").write_text(lines(upsert("D-2", 2))[:-20], encoding="utf-8")
    (folder / "3.jsonl").write_text(lines({**upsert("D-2", 2), "register": "ojj"}), encoding="utf-8")
    (folder / "4.json.gz").write_bytes(b"x")
    (folder / "5.jsonl").symlink_to(tmp_path / "away")
    os.mkfifo(folder / "6\n.csv")
    (folder / "lost+found").mkdir()
    with feeder(field.server.address, tmp_path / "log", "folder", folder, "--source", "by-folder") as running:
        for name in ("refused/2.jsonl", "refused/3.jsonl.refused", "4.json.gz", "5.jsonl", "6\ufffd.csv"):
            running.wait_for(f"{name} no", times=2)
        (folder / ".7").write_text(lines(upsert("D-2", 2)), encoding="utf-8")
        (folder / ".7").rename(folder / "7.jsonl")
        until(lambda: len(unsettled(field, "by-folder")) == 2, 60.0)
        assert unsettled(field, "by-folder") == [(1, True), (2, True)]
        assert heartbeats(field, "by-folder") == []
        assert "lost+found" not in running.said
        for each in ("refused/2.jsonl", "refused/3.jsonl.refused", "4.json.gz", "5.jsonl", "6\n.csv"):
            (folder / each).unlink()
        until(lambda: heartbeats(field, "by-folder"), 60.0)
    assert set(heartbeats(field, "by-folder")) == {2}


def test_no_heartbeat_while_a_row_names_a_register_that_is_none(
    field: DevelopmentServer, postgres: PostgresCluster, tmp_path: Path
) -> None:
    """Its number is missing nowhere: the server counts numbers of the source's registers alone."""
    dsn = outbox_database(postgres, "strange_row")
    words = ("outbox", "--dsn", dsn, "--state", tmp_path / "state", "--source", "by-strange-row")
    with psycopg.connect(dsn, autocommit=True) as database:
        for register, record in (("oj", "S-1"), ("ojj", "S-2"), ("oj ", "S-3")):
            database.execute(
                "INSERT INTO ronda_outbox (register, record_id, cells) VALUES (%s, %s, %s)",
                (register, record, json.dumps(row(record))),
            )
    with feeder(field.server.address, tmp_path / "log", *words) as running:
        for each in ("ojj 1", "oj  1"):
            running.wait_for(f"la fila {each}", times=2)
        with psycopg.connect(dsn, autocommit=True) as database:
            database.execute(
                "INSERT INTO ronda_outbox (register, record_id, cells) VALUES ('oj', 'S-4', %s)",
                (json.dumps(row("S-4")),),
            )
        until(lambda: len(unsettled(field, "by-strange-row")) == 2, 60.0)
        assert unsettled(field, "by-strange-row") == [(1, False), (2, True)]
    assert heartbeats(field, "by-strange-row") == []
    with feeder(field.server.address, tmp_path / "log", *words, "--skip", "ojj=1", "--skip", "oj =1"):
        until(lambda: heartbeats(field, "by-strange-row"), 60.0)
    assert in_force(field, "by-strange-row") == [("S-1", 1, "UPSERT"), ("S-4", 2, "UPSERT")]
    feed(field, *words, "--once")


@pytest.mark.skipif(stepped_clock.LIBRARY is None, reason="no libfaketime: apt-get install faketime")
def test_a_heartbeat_that_is_refused_again_and_again_is_told_at_growing_intervals(
    field: DevelopmentServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock that is ahead refuses each: reported once, then half a minute later at the soonest (docs/feed.md)."""
    folder = tmp_path / "drop"
    folder.mkdir()
    for name, value in stepped_clock.fixed_clock("+300s").items():
        monkeypatch.setenv(name, value)
    words = ("folder", folder, "--source", "by-a-clock-ahead")
    with feeder(field.server.address, tmp_path / "log", *words, heartbeat="0.1") as running:
        running.wait_for("FEED_EVENT_IN_FUTURE")
        time.sleep(3)
        assert running.said.count("FEED_EVENT_IN_FUTURE") == 1, running.said
    assert heartbeats(field, "by-a-clock-ahead") == []
