"""An outbox is read in the order of its transactions' numbers, not of their digits."""

from __future__ import annotations

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
