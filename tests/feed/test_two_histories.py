"""A source that was put back to an older copy gives out numbers a second time: nothing of it is sent any more.

A number that the server has with other content is a difference of two histories, never a refused row.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from ronda.demo.postgres_cluster import PostgresCluster
from tests.feed.feeder_kit import development_server, feeder, heartbeats
from tests.feed.outbox_kit import outbox_database
from tests.feed.test_command import DevelopmentServer, feed, in_force, lines, row, upsert
from tests.feed.test_jetstream import SERVER, Broker, change
from tests.server.running_server import until

INSERT = "INSERT INTO ronda_outbox (register, record_id, cells) VALUES ('oj', %s, %s)"
DIFFERENT = 23


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevelopmentServer]:
    names = ("by-outbox", "by-database", "by-bus", "by-file", "by-folder")
    with development_server(tmp_path_factory.mktemp("histories"), names) as running:
        yield running


def ids(field: DevelopmentServer, source: str) -> list[tuple[str, int]]:
    return [(record, sequence) for record, sequence, _ in in_force(field, source)]


@pytest.mark.slow
def test_a_database_and_its_state_put_back_stop_the_outbox(
    field: DevelopmentServer, postgres: PostgresCluster, tmp_path: Path
) -> None:
    """Neither the rows that come next nor a heartbeat goes out, until somebody says where the numbers go on."""
    state, dsn = tmp_path / "state", outbox_database(postgres, "two_histories")
    words = ("outbox", "--dsn", dsn, "--state", state, "--source", "by-outbox")

    def put(*names: str, state: str = "PENDIENTE") -> None:
        with psycopg.connect(dsn, autocommit=True) as database:
            for each in names:
                database.execute(INSERT, (each, json.dumps(row(each, state))))

    put("A-1", state="QUIZAS")  # refused: its number stays missing
    put("A-2")
    feed(field, *words, "--once")
    shutil.copy(state, tmp_path / "old")
    put("A-3", "A-4")
    feed(field, *words, "--once")
    with psycopg.connect(dsn, autocommit=True) as database:
        database.execute("DELETE FROM ronda_outbox WHERE record_id IN ('A-3', 'A-4')")
    shutil.copy(tmp_path / "old", state)
    with feeder(field.server.address, tmp_path / "log", *words) as running:
        running.wait_for("oj: el servidor ya tiene el número 4", times=2)  # no row yet: it waits, and says so
        assert heartbeats(field, "by-outbox") == []
        put("B-3", "B-4", "B-5", "B-6")
        assert running.process.wait(60) == DIFFERENT
        assert "oj 3: el servidor ya tiene ese número con otro contenido" in running.said
        assert "--from oj=5" in running.said
    before = [("A-2", 2), ("A-3", 3), ("A-4", 4)]
    assert ids(field, "by-outbox") == before
    assert [*json.loads(state.read_text())["refused"].values()] == [[1]]
    assert "--from oj=5" in feed(field, *words, "--once", "--from", "oj=6", status=2).stderr
    assert "--from oj=5" in feed(field, *words, "--once", "--from", "oj=3", status=DIFFERENT).stderr
    after = [*before, ("B-3", 5), ("B-4", 6), ("B-5", 7), ("B-6", 8)]
    for _ in range(2):  # the option may stay in the unit's file
        feed(field, *words, "--once", "--from", "oj=5")
        assert ids(field, "by-outbox") == after
    with psycopg.connect(dsn, autocommit=True) as database:
        database.execute("UPDATE ronda_outbox SET cells = %s WHERE record_id = 'A-1'", (json.dumps(row("A-1")),))
    feed(field, *words, "--once")  # the rows keep their numbers, those before the lost ones too
    assert ids(field, "by-outbox") == [*after, ("A-1", 1)]


def test_a_database_put_back_without_its_state_is_refused(
    field: DevelopmentServer, postgres: PostgresCluster, tmp_path: Path
) -> None:
    """Also when its transactions have caught up with the state: its new rows would be passed over."""
    dsn = outbox_database(postgres, "put_back")
    words = ("outbox", "--dsn", dsn, "--state", tmp_path / "state", "--source", "by-database", "--once")
    with psycopg.connect(dsn, autocommit=True) as database:
        for each in ("A-1", "A-2"):
            database.execute(INSERT, (each, json.dumps(row(each))))
        feed(field, *words)
        database.execute("DELETE FROM ronda_outbox WHERE record_id = 'A-1'")  # the earliest first
        feed(field, *words)
        database.execute("UPDATE ronda_outbox SET record_id = 'B-2', txid = '3'")
        assert "la base fue restaurada" in feed(field, *words, status=2).stderr.lower()


@pytest.mark.skipif(SERVER is None, reason="no nats-server: apt-get install nats-server")
def test_a_number_used_twice_stops_the_bus(field: DevelopmentServer, tmp_path: Path) -> None:
    """The message is not acknowledged, and nothing behind it is taken, until the message is put aside by name."""
    broker = Broker(tmp_path / "jetstream")
    broker.ask(lambda js: js.add_stream(name="OJ", subjects=["oj.changes"]))
    words = (
        *("jetstream", "--servers", broker.url, "--stream", "OJ", "--subject", "oj.changes"),
        *("--source", "by-bus", "--state", str(tmp_path / "state")),
    )
    try:
        broker.put(change("N-1", 1), change("N-2", 2))
        feed(field, *words, "--once")
        broker.put(change("Z-2", 2), change("N-3", 3))
        with feeder(field.server.address, tmp_path / "log", *words) as running:
            assert running.process.wait(60) == DIFFERENT
            assert "oj 2: el servidor ya tiene ese número con otro contenido" in running.said
            assert "--skip 3" in running.said
            assert "Task" not in running.said
            assert "Traceback" not in running.said
        assert ids(field, "by-bus") == [("N-1", 1), ("N-2", 2)]
        feed(field, *words, "--once", "--skip", "3")
        assert ids(field, "by-bus") == [("N-1", 1), ("N-2", 2), ("N-3", 3)]
        until(lambda: broker.waiting() == (0, 0))
    finally:
        broker.kill()


def test_a_file_with_numbers_of_other_changes_ends_the_push(field: DevelopmentServer, tmp_path: Path) -> None:
    file, old = tmp_path / "changes.jsonl", tmp_path / "old.jsonl"
    file.write_text(lines(upsert("F-1", 1), upsert("F-2", 2)), encoding="utf-8")
    feed(field, "push", file, "--source", "by-file")
    file.write_text(lines(upsert("F-1", 1), upsert("Z-2", 2), upsert("F-3", 3)), encoding="utf-8")
    said = feed(field, "push", file, "--source", "by-file", status=DIFFERENT).stderr
    assert "oj 2: el servidor ya tiene ese número con otro contenido" in said
    old.write_text(lines(upsert("H-1"), upsert("H-2")), encoding="utf-8")
    feed(field, "push", old, "--source", "by-file")
    resume = tmp_path / "old.jsonl.resume"
    resume.write_text(json.dumps({**json.loads(resume.read_text()), "token": "", "numbers": {"oj": 2}}))
    feed(field, "push", old, "--source", "by-file", status=DIFFERENT)
    assert ids(field, "by-file") == [("F-1", 1), ("F-2", 2), ("H-1", 3), ("H-2", 4)]


def test_a_folder_put_back_numbers_nothing(field: DevelopmentServer, tmp_path: Path) -> None:
    """Files sent since the copy lie there again, without their numbers: they would be taken for the newest."""
    folder = tmp_path / "drop"
    folder.mkdir()
    words = ("folder", folder, "--source", "by-folder", "--once")
    (folder / "1.jsonl").write_text(lines(upsert("D-1")), encoding="utf-8")
    feed(field, *words)
    shutil.copytree(folder, tmp_path / "old")
    (folder / "2.jsonl").write_text(lines(upsert("D-2")), encoding="utf-8")
    cancelled = lines({**upsert("D-2"), "kind": "CANCEL", "row": None})
    (folder / "3.jsonl").write_text(cancelled, encoding="utf-8")
    feed(field, *words)
    shutil.rmtree(folder)
    shutil.copytree(tmp_path / "old", folder)
    (folder / "2.jsonl").write_text(lines(upsert("D-2")), encoding="utf-8")
    assert "--from oj=4" in feed(field, *words, status=DIFFERENT).stderr
    assert ids(field, "by-folder") == [("D-1", 1), ("D-2", 2), ("D-2", 3)]
    (folder / "2.jsonl").unlink()
    (folder / "4.jsonl").write_text(lines(upsert("D-4")), encoding="utf-8")
    feed(field, *words, "--from", "oj=4")
    assert ids(field, "by-folder")[3:] == [("D-4", 4)]
