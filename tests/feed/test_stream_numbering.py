"""`ronda feed jetstream --number` and `--debezium`: numbered by the order of the stream, whatever happens to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clients.feed.refused_list import list_of, read_refused
from core.ledger.change import Kind
from tests.feed.feeder_kit import development_server, entries, feeder, heartbeats
from tests.feed.test_another_ledger import Site
from tests.feed.test_command import DevelopmentServer, feed, in_force, lines, row, upsert
from tests.feed.test_debezium import SAMPLES, TABLES, changed
from tests.feed.test_jetstream import SERVER, Broker
from tests.feed.test_jetstream import broker as broker  # noqa: PLC0414 - the fixture
from tests.server.running_server import until

pytestmark = pytest.mark.skipif(SERVER is None, reason="no nats-server: apt-get install nats-server")
SOURCES = ("again", "refused", "events", "truncated", "gone", "anew", "lost-state", "older", "twice")


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevelopmentServer]:
    with development_server(tmp_path_factory.mktemp("numbering"), SOURCES) as running:
        yield running


def words(broker: Broker, source: str, directory: Path, *more: str | Path) -> list[str | Path]:
    stream = ["jetstream", "--servers", broker.url, "--stream", "OJ", "--subject", "oj.changes", "--source", source]
    return [*stream, "--state", directory / "state", *(more or ["--number"])]


def unnumbered(record_id: str, **changes: Any) -> bytes:
    return json.dumps(upsert(record_id, **changes)).encode()


def numbers_of(field: DevelopmentServer, source: str) -> set[int]:
    """Returns the numbers of changes on disk; one that a later change of its record overtook is never in force."""
    kinds = (Kind.UPSERT, Kind.CANCEL, Kind.HOLD)
    return {each.source_sequence for each in entries(field, source) if each.kind in kinds}


def listed(directory: Path) -> list[tuple[int, str, str]]:
    """Returns what `ronda feed refused` shows."""
    return [(each.sequence, each.record_id, each.reason) for each in read_refused(list_of(directory / "state"))]


def stale(field: DevelopmentServer, source: str) -> str:
    told = json.loads(feed(field, "status", "--json").stdout)["positions"]
    return next(str(each.get("stale_reason", "")) for each in told if each["source"] == source)


def test_numbers_follow_the_stream_over_restarts_and_a_crash_before_the_answer_is_kept(
    field: DevelopmentServer, broker: Broker, tmp_path: Path
) -> None:
    broker.put(*(unnumbered(f"A-{n}") for n in range(1, 4)))
    feed(field, *words(broker, "again", tmp_path), "--once")
    state = tmp_path / "state"
    before, numbers = state.read_bytes(), (tmp_path / "state.numbers").read_bytes()
    assert (tmp_path / "state.numbers").stat().st_mode & 0o077 == 0
    broker.put(unnumbered("A-4"), unnumbered("A-1", row=row("A-1", "CANCELADA")))
    feed(field, *words(broker, "again", tmp_path), "--once")
    expected = [("A-1", 1), ("A-2", 2), ("A-3", 3), ("A-4", 4), ("A-1", 5)]
    state.write_bytes(before)  # killed between the server's answer and what it keeps of it
    feed(field, *words(broker, "again", tmp_path), "--once")
    state.write_bytes(before)
    (tmp_path / "state.numbers").write_bytes(numbers)  # both of an older copy: the stream tells the same numbers
    feed(field, *words(broker, "again", tmp_path), "--once")
    broker.put(unnumbered("A-6"))
    feed(field, *words(broker, "again", tmp_path), "--once")
    assert [(name, number) for name, number, _ in in_force(field, "again")] == [*expected, ("A-6", 6)]


def test_a_refused_change_has_its_number_and_the_record_s_next_fills_it(
    field: DevelopmentServer, broker: Broker, tmp_path: Path
) -> None:
    broker.put(unnumbered("R-1"), unnumbered("R-2", row=row("R-2", "QUIZAS")), unnumbered("R-3"))
    feed(field, *words(broker, "refused", tmp_path), "--once")
    until(lambda: stale(field, "refused") == "GAP", 30.0)
    assert listed(tmp_path) == [(2, "R-2", "FEED_ROW_REFUSED")]
    broker.put(unnumbered("R-2"))
    feed(field, *words(broker, "refused", tmp_path), "--once")
    assert numbers_of(field, "refused") == {1, 2, 3, 4}
    assert stale(field, "refused") == ""
    assert listed(tmp_path) == []


def test_events_are_taken_as_debezium_sends_them(field: DevelopmentServer, broker: Broker, tmp_path: Path) -> None:
    broker.put(*(SAMPLES / "postgresql.jsonl").read_bytes().splitlines())
    with feeder(field.server.address, tmp_path / "log", *words(broker, "events", tmp_path, "--debezium", TABLES)):
        until(lambda: len(in_force(field, "events")) == 6, 60.0)
        until(lambda: heartbeats(field, "events")[-1:] == [6], 60.0)
    taken = [(name, kind) for name, _, kind in in_force(field, "events")]
    assert taken[1:4] == [("PG-2", "UPSERT"), ("PG-2", "CANCEL"), ("PG-3", "UPSERT")]


def test_a_truncated_table_makes_its_register_stale_at_once(
    field: DevelopmentServer, broker: Broker, tmp_path: Path
) -> None:
    first, *_ = (SAMPLES / "postgresql.jsonl").read_bytes().splitlines()
    broker.put(first, json.dumps(changed(op="t", after=None)).encode())
    said = feed(field, *words(broker, "truncated", tmp_path, "--debezium", TABLES), "--once").stderr
    assert "(oj 2)" in said
    assert "truncate" in said
    until(lambda: stale(field, "truncated") == "GAP", 30.0)
    assert listed(tmp_path) == [(2, "", "MESSAGE_MALFORMED")]
    broker.put(first)
    feed(field, *words(broker, "truncated", tmp_path, "--debezium", TABLES), "--once")
    assert stale(field, "truncated") == "GAP"


def test_messages_that_went_unread_are_told_and_nothing_is_called_complete(
    field: DevelopmentServer, broker: Broker, tmp_path: Path
) -> None:
    broker.put(unnumbered("G-1"))
    feed(field, *words(broker, "gone", tmp_path), "--once")
    broker.put(unnumbered("G-2"), unnumbered("G-3"), unnumbered("G-4"))
    broker.ask(lambda js: js.delete_msg("OJ", 3))
    with feeder(field.server.address, tmp_path / "log", *words(broker, "gone", tmp_path)) as running:
        running.wait_for("mensajes 3 a 3 del stream ya no están", 2)
        assert [number for _, number, _ in in_force(field, "gone")] == [1, 2, 3]
        assert heartbeats(field, "gone") == []
        assert all(each.unsettled for each in entries(field, "gone") if each.source_sequence == 3)
    with feeder(field.server.address, tmp_path / "log", *words(broker, "gone", tmp_path, "--number", "--new-stream")):
        until(lambda: heartbeats(field, "gone")[-1:] == [3], 60.0)
    broker.put(unnumbered("G-5"))
    broker.ask(lambda js: js.purge_stream("OJ"))
    with feeder(field.server.address, tmp_path / "log", *words(broker, "gone", tmp_path)) as running:
        running.wait_for("mensajes 5 a 5 del stream ya no están")


def test_a_stream_made_anew_is_told_and_its_messages_get_new_numbers(
    field: DevelopmentServer, broker: Broker, tmp_path: Path
) -> None:
    broker.put(unnumbered("B-1"), unnumbered("B-2"))
    feed(field, *words(broker, "anew", tmp_path), "--once")
    broker.ask(lambda js: js.delete_stream("OJ"))
    broker.ask(lambda js: js.add_stream(name="OJ", subjects=["oj.changes"]))
    broker.put(unnumbered("B-3"))
    assert "--new-stream" in feed(field, *words(broker, "anew", tmp_path), "--once", status=23).stderr
    feed(field, *words(broker, "anew", tmp_path, "--number", "--new-stream"), "--once")
    assert [(name, number) for name, number, _ in in_force(field, "anew")] == [("B-1", 1), ("B-2", 2), ("B-3", 3)]


def test_a_lost_state_gives_out_no_number_twice(field: DevelopmentServer, broker: Broker, tmp_path: Path) -> None:
    broker.put(unnumbered("L-1"))
    feed(field, *words(broker, "lost-state", tmp_path), "--once")
    (tmp_path / "state").unlink()
    (tmp_path / "state.numbers").unlink()
    said = feed(field, *words(broker, "lost-state", tmp_path), "--once", status=2).stderr
    assert "hay estado en --state" in said
    broker.put(json.dumps(upsert("L-2", 7)).encode())
    said = feed(field, *words(broker, "lost-state", tmp_path, "--number", "--from", "oj=2"), "--once").stderr
    assert "ningún mensaje trae número" in said


def test_numbers_that_the_server_has_otherwise_stop_the_program_and_from_goes_on_behind_them(
    field: DevelopmentServer, broker: Broker, tmp_path: Path
) -> None:
    """As a stream that was put back together with its state gives them out a second time."""
    broker.put(unnumbered("T-1"))
    feed(field, *words(broker, "twice", tmp_path), "--once")
    other = tmp_path / "other.jsonl"
    other.write_text(lines(upsert("T-8", 2), upsert("T-9", 3)), encoding="utf-8")
    feed(field, "push", other, "--source", "twice")
    broker.put(unnumbered("T-2"), unnumbered("T-3"))
    said = feed(field, *words(broker, "twice", tmp_path), "--once", status=23).stderr
    assert "--from oj=4" in said
    for _ in range(2):  # the option may stay
        feed(field, *words(broker, "twice", tmp_path, "--number", "--from", "oj=4"), "--once")
    sent = [(name, number) for name, number, _ in in_force(field, "twice")]
    assert sent == [("T-1", 1), ("T-8", 2), ("T-9", 3), ("T-2", 4), ("T-3", 5)]


def test_a_stream_with_other_subjects_is_refused(field: DevelopmentServer, broker: Broker, tmp_path: Path) -> None:
    broker.ask(lambda js: js.update_stream(name="OJ", subjects=["oj.changes", "oj.other"]))
    assert "otros temas" in feed(field, *words(broker, "older", tmp_path), "--once", status=2).stderr


def test_a_server_put_back_to_an_older_copy_gets_what_it_lacks(broker: Broker, tmp_path: Path) -> None:
    """The numbers stay the same; a number with a message that is refused again has what holds for its record."""
    site = Site(tmp_path / "site")
    sent = words(broker, "oj-central", tmp_path)
    site.start()
    try:
        site.keep_copy()
        field = site.start()
        broker.put(unnumbered("O-1"), unnumbered("O-2", row=row("O-2", "QUIZAS")), unnumbered("O-2"), unnumbered("O-4"))
        feed(field, *sent, "--once")
        assert numbers_of(field, "oj-central") == {1, 2, 3, 4}
        whole = {"O-1", "O-2", "O-4"}
        assert {name for name, _, _ in in_force(field, "oj-central")} == whole
        site.put_copy_back()
        field = site.start()
        assert "faltan 4 cambios de oj" in feed(field, *sent, "--once").stderr
        assert numbers_of(field, "oj-central") == {1, 2, 3, 4}
        assert {name for name, _, _ in in_force(field, "oj-central")} == whole
        assert stale(field, "oj-central") == "RESTORED", "a heartbeat ends it, and --once sends none"
    finally:
        site.server.stop()
