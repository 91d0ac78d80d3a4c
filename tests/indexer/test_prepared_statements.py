"""Statements planned once (indexer/linking/prepared.py) give, round after round, what a new database makes of them."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.linking.prepared import PreparedStatements

# What rules do: tables of queries, empty ones of the same name, more rows, a table dropped and made again, views.
SCRIPTS = (
    "CREATE TABLE odd AS SELECT number, name FROM given WHERE number % 2 = 1",
    "CREATE TABLE odd (number BIGINT, name VARCHAR)",
    "CREATE TABLE named AS WITH n AS (SELECT * FROM given WHERE name <> '') "
    "SELECT name, count(*) AS n FROM n GROUP BY name",
    "CREATE VIEW small AS SELECT number FROM given WHERE number < 3; "
    "CREATE TABLE odd AS SELECT number, 'small' AS name FROM small; DROP VIEW small",
    "CREATE TABLE twice AS SELECT number FROM given; DROP TABLE twice; "
    "CREATE TABLE twice AS SELECT number FROM given WHERE number > 1; "
    "INSERT INTO twice SELECT -number FROM twice",
    "CREATE TABLE odd AS SELECT number, name FROM given; DELETE FROM odd WHERE number IN (SELECT number FROM given "
    "WHERE name = ''); UPDATE odd SET name = g.name || g.number FROM (SELECT number, max(name) AS name FROM given "
    "GROUP BY number) g WHERE odd.number = g.number",
)
QUERIES = {"odd": "SELECT number, name FROM odd ORDER BY ALL", "named": "SELECT name, n FROM named ORDER BY ALL",
           "twice": "SELECT number FROM twice ORDER BY ALL"}  # fmt: skip
MAKES = ("odd", "odd", "named", "odd", "twice", "odd")
ROWS = st.lists(st.tuples(st.integers(0, 5), st.sampled_from(("", "ana", "luis; DROP"))), max_size=6)
ROUND = st.tuples(ROWS, st.lists(st.integers(0, len(SCRIPTS) - 1), max_size=3, unique_by=lambda at: MAKES[at]))


def rows_of(given_rows: Sequence[tuple[int, str]]) -> pa.Table:
    """As Arrow has them."""
    numbers, names = [row[0] for row in given_rows], [row[1] for row in given_rows]
    return pa.table({"number": pa.array(numbers, pa.int64()), "name": pa.array(names, pa.string())})


def by_itself(given_rows: Sequence[tuple[int, str]], scripts: Sequence[int]) -> dict[str, list[tuple[object, ...]]]:
    """Returns what a new database makes of a round."""
    with duckdb.connect() as connection:
        connection.register("rows", rows_of(given_rows))
        connection.execute("CREATE TABLE given AS SELECT * FROM rows")
        for at in scripts:
            connection.execute(SCRIPTS[at])
        return {MAKES[at]: connection.execute(QUERIES[MAKES[at]]).fetchall() for at in scripts}


@settings(max_examples=60)
@given(st.lists(ROUND, min_size=1, max_size=6))
def test_a_round_leaves_nothing_to_the_next(rounds: list[tuple[list[tuple[int, str]], list[int]]]) -> None:
    with duckdb.connect() as connection:
        statements = PreparedStatements(connection)
        for given_rows, scripts in rounds:
            statements.begin()
            statements.fill("given", rows_of(given_rows))
            for at in scripts:
                statements.run(SCRIPTS[at])
            made = {
                MAKES[at]: [tuple(row.values()) for row in statements.ask(QUERIES[MAKES[at]]).to_pylist()]
                for at in scripts
            }
            assert made == by_itself(given_rows, scripts)
            assert statements.number("SELECT count(*) FROM given") == len(given_rows)
            statements.end()


def test_a_round_that_fails_is_undone() -> None:
    with duckdb.connect() as connection:
        statements = PreparedStatements(connection)
        for _ in range(3):
            statements.begin()
            statements.fill("given", rows_of([(1, "ana")]))
            statements.run(SCRIPTS[0])
            with pytest.raises(duckdb.Error):
                statements.run("CREATE TABLE bad AS SELECT CAST(name AS INTEGER) AS n FROM odd")
            statements.end()
            statements.begin()
            statements.fill("given", rows_of([]))
            statements.run(SCRIPTS[0])
            assert statements.number("SELECT count(*) FROM odd") == 0
            statements.end()
