"""docs/feed.md's trigger, backfill, clearing and number of an extract, run as written against a real PostgreSQL."""

from __future__ import annotations

import random
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest

from clients.feed.outbox import Cursor, Outbox, OutboxRow
from ronda.demo.postgres_cluster import PostgresCluster
from tests.feed.outbox_kit import outbox_database
from tests.server.running_server import until

FEED = (Path(__file__).parents[2] / "docs" / "feed.md").read_text(encoding="utf-8")
_AT_ONCE = 4  # transactions
_FIRST_ROWS = ("OC-1", "OC-2")
State = dict[str, str]
"""Crime by record: a table's rows, or what changes made of them."""


def _block(word: str, language: str = "sql") -> str:
    """The first block of the page that has a word."""
    blocks = (part.partition("```")[0] for part in FEED.split(f"```{language}\n")[1:])
    return next(each for each in blocks if word in each)


def _number_query() -> str:
    return _block("feed_sequence", "toml").split('"""')[1]


class Extract(NamedTuple):
    """A transaction's reading: the rows, and the number that it states."""

    rows: State
    number: int


class Court:
    """The institution: transactions that begin, go on and end in any order."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.sent: list[OutboxRow] = []
        self._open: dict[int, psycopg.Connection] = {}  # by the letter of the records that it may write
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("CREATE TABLE ordenes (num_orden text PRIMARY KEY, delito text, fecha date)")
            for record in _FIRST_ROWS:
                connection.execute("INSERT INTO ordenes VALUES (%s, 'ROBO', '2024-02-03')", (record,))
            connection.execute(_block("CREATE FUNCTION ronda_ordenes"))
            connection.execute(_block("CREATE TABLE ronda_outbox_removed"))
            connection.execute(_block("LOCK TABLE ordenes"))

    def writes(self, chance: random.Random) -> None:
        """A statement of a transaction that may stay open; records are parted among them, so that none waits."""
        if not self._open or (len(self._open) < _AT_ONCE and chance.random() < 0.4):
            free = next(each for each in range(_AT_ONCE) if each not in self._open)
            self._open[free] = psycopg.connect(self.dsn)
        letter = chance.choice(sorted(self._open))
        connection, record = self._open[letter], f"T{letter}-{chance.randrange(3)}"
        match chance.randrange(4):
            case 0:
                connection.execute("DELETE FROM ordenes WHERE num_orden = %s", (record,))
            case 1:
                connection.execute(
                    "UPDATE ordenes SET num_orden = num_orden || 'B' WHERE num_orden = %s "
                    "AND NOT EXISTS (SELECT FROM ordenes WHERE num_orden = %s)", (record, f"{record}B"),
                )  # fmt: skip
            case _:
                connection.execute(
                    "INSERT INTO ordenes VALUES (%s, %s, '2026-01-01') "
                    "ON CONFLICT (num_orden) DO UPDATE SET delito = EXCLUDED.delito",
                    (record, f"D{chance.randrange(10**6)}"),
                )

    def ends_one(self, chance: random.Random) -> None:
        if self._open:
            connection = self._open.pop(chance.choice(sorted(self._open)))
            (connection.rollback if chance.random() < 0.3 else connection.commit)()
            connection.close()

    def ends_all(self) -> None:
        for connection in self._open.values():
            connection.commit()
            connection.close()

    def send(self) -> None:
        """As the program does: each row's number is its place."""
        after = self.sent[-1].cursor if self.sent else Cursor(0, 0)
        self.sent += Outbox(self.dsn).look(after, 10_000).rows

    def all_is_sent(self) -> bool:
        """Sends; other tests' transactions, in databases of the same server, hold rows up for a moment."""
        self.send()
        with psycopg.connect(self.dsn) as connection:
            [[waiting]] = connection.execute(
                "SELECT count(*) FROM ronda_outbox WHERE (txid, id) > (%s::xid8, %s)",
                (str(self.sent[-1].cursor.txid), self.sent[-1].cursor.id) if self.sent else ("0", 0),
            ).fetchall()
        return waiting == 0 and self.extract().number == len(self.sent)

    def clear(self) -> None:
        """The job, of what was sent; rows as old as the page says."""
        if self.sent:
            with psycopg.connect(self.dsn) as connection:
                place = self.sent[-1].cursor
                connection.execute(
                    "UPDATE ronda_outbox SET event_time = now() - interval '50 days' WHERE (txid, id) < (%s::xid8, %s)",
                    (str(place.txid), place.id),
                )
                connection.execute(_block("first_kept"))

    def extract(self) -> Extract:
        with psycopg.connect(self.dsn) as connection:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            rows: State = dict(connection.execute("SELECT num_orden, delito FROM ordenes").fetchall())
            [[number]] = connection.execute(_number_query()).fetchall()
            return Extract(rows, int(number))


def _states(sent: list[OutboxRow]) -> list[State]:
    """Returns what stands after each number, the first after none."""
    found: list[State] = [{}]
    for row in sent:
        state = dict(found[-1])
        if row.change.cells:
            state[row.change.record_id] = row.change.cells["delito"]
        else:
            state.pop(row.change.record_id, None)
        found.append(state)
    return found


@pytest.mark.parametrize("seed", range(4))
def test_an_extract_holds_every_change_up_to_the_number_that_it_states(postgres: PostgresCluster, seed: int) -> None:
    chance, court = random.Random(seed), Court(outbox_database(postgres, f"outbox_recipe_{seed}"))
    extracts: list[Extract] = []
    for _ in range(120):
        act = chance.choice([court.writes] * 4 + [court.ends_one] * 3 + [None])
        if act is not None:
            act(chance)
            continue
        court.send()
        if chance.random() < 0.5:
            court.clear()
        extracts.append(court.extract())
    court.ends_all()
    until(court.all_is_sent)
    last = court.extract()
    states = _states(court.sent)
    assert (last.number, last.rows) == (len(court.sent), states[-1])
    assert extracts
    for extract in extracts:
        for record in {*extract.rows, *(row.change.record_id for row in court.sent)}:
            later = [state.get(record) for state in states[extract.number :]]
            assert extract.rows.get(record) in later, "it holds less than it states"


def test_what_stood_before_comes_first_with_texts_of_every_column(postgres: PostgresCluster) -> None:
    court = Court(outbox_database(postgres, "outbox_recipe_first"))
    until(court.all_is_sent)
    cells = [dict(row.change.cells) for row in court.sent]
    assert cells == [{"num_orden": each, "delito": "ROBO", "fecha": "2024-02-03"} for each in _FIRST_ROWS]
    assert court.extract().number == len(_FIRST_ROWS)


def test_a_table_that_is_emptied_at_once_is_refused(postgres: PostgresCluster) -> None:
    court = Court(outbox_database(postgres, "outbox_recipe_truncate"))
    with psycopg.connect(court.dsn) as connection, pytest.raises(psycopg.errors.RaiseException):
        connection.execute("TRUNCATE ordenes")
