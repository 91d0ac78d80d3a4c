"""An outbox is read in the order of its transactions' numbers, not of their digits; no row of it stops the others."""

from __future__ import annotations

from pathlib import Path

import psycopg

from clients.feed.outbox import Cursor, Outbox
from ronda.demo.postgres_cluster import PostgresCluster
from tests.feed.outbox_kit import outbox_database


def test_a_number_with_a_digit_more_comes_later(postgres: PostgresCluster) -> None:
    """In one look: the rows after it would else be sent first, and then once more under other numbers."""
    dsn = outbox_database(postgres, "outbox_order")
    with psycopg.connect(dsn, autocommit=True) as court:
        for txid in ("100", "9", "99", "10"):
            court.execute(
                "INSERT INTO ronda_outbox (txid, register, record_id) VALUES (%s::xid8, 'oj', %s)", (txid, f"T{txid}")
            )
    found = Outbox(dsn).look(Cursor(0, 0), 10).rows
    assert [row.change.record_id for row in found] == ["T9", "T10", "T99", "T100"]
    behind = Outbox(dsn).look(found[1].cursor, 10).rows
    assert [row.change.record_id for row in behind] == ["T99", "T100"]


def test_a_row_that_cannot_be_sent_stops_no_other(postgres: PostgresCluster) -> None:
    """Each is sent in a form that the server refuses by name: its number stays missing, and the register STALE."""
    dsn = outbox_database(postgres, "outbox_odd")
    odd = {
        "endless": ("infinity", '{"A": "x"}'),
        "far": ("200000-01-01", '{"A": "x"}'),
        "large": ("2026-11-20", '{"A": "' + "x" * (5 << 20) + '"}'),
        "digits": ("2026-11-20", '{"A": ' + "1" * 6000 + "}"),
        "a list": ("2026-11-20", "[1]"),
    }
    with psycopg.connect(dsn, autocommit=True) as court:
        for record, (event, cells) in odd.items():
            court.execute(
                "INSERT INTO ronda_outbox (register, record_id, event_time, cells) VALUES ('oj', %s, %s, %s)",
                (record, event, cells),
            )
    rows = Outbox(dsn).look(Cursor(0, 0), 10).rows
    assert [row.change.record_id for row in rows] == list(odd)
    assert all(row.change.event_time.ToMilliseconds() <= 0 for row in rows[:2])
    assert all(not row.change.cells and row.change.ByteSize() < 1000 for row in rows[2:])


def test_a_row_that_states_another_s_place_gets_its_own(postgres: PostgresCluster) -> None:
    """The trigger of docs/feed.md, in a session that applies replication."""
    feed = (Path(__file__).parents[2] / "docs" / "feed.md").read_text(encoding="utf-8")
    trigger = next(text for text in feed.split("```sql")[1:] if "CREATE TRIGGER" in text).partition("```")[0]
    dsn = outbox_database(postgres, "outbox_place")
    insert = (
        "INSERT INTO ronda_outbox (txid, id, register, record_id) OVERRIDING SYSTEM VALUE VALUES ('1', %s, 'oj', %s)"
    )
    with psycopg.connect(dsn, autocommit=True) as court:
        court.execute(trigger)
        court.execute(insert, (70, "FIRST"))
        [first] = Outbox(dsn).look(Cursor(0, 0), 10).rows
        court.execute("SET session_replication_role = replica")
        court.execute(insert, (1, "LATE"))
    assert first.change.record_id == "FIRST"
    assert [row.change.record_id for row in Outbox(dsn).look(first.cursor, 10).rows] == ["LATE"]
