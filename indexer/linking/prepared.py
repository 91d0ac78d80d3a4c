"""Statements repeated for few records: planned once, run in a transaction that is rolled back.

Planning a statement takes longer than running it over a few hundred rows (DuckDB 2.0: 1.5 ms and 0.6). So each table
that a rule makes stays, empty, from one round to the next, and its statement fills it:

    CREATE TABLE t AS SELECT ...   --> INSERT INTO t SELECT ..., prepared
    CREATE VIEW v AS SELECT ...    --> it stays
    DROP TABLE t; DROP VIEW v      --> nothing: ROLLBACK empties what stays
    SELECT, INSERT, UPDATE, DELETE --> prepared

A new statement is run as it stands; at the end of the round its tables are made, empty.
"""

# ruff: noqa: S608  the texts put into SQL are this package's own
from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

import duckdb
import pyarrow as pa

_CREATED = re.compile(r"\s*CREATE\s+TABLE\s+(\w+)\s+(AS\b)?(.*)", re.DOTALL)
_VIEWED = re.compile(r"\s*CREATE\s+VIEW\s+(\w+)")
_INSERTED = re.compile(r"\s*INSERT\s+INTO\s+(\w+)")
_DELETED = re.compile(r"\s*DELETE\s+FROM\s+(\w+)")
_DROPPED = re.compile(r"\s*DROP\s+(?:TABLE|VIEW)\s+(\w+)")
_MOST = 1_000  # statements that are kept; some texts hold lengths, and there are few of those


class _Kind(Enum):
    FILLS = auto()  # a table, from a query
    EMPTY = auto()  # a table, with no rows
    DROPS = auto()
    VIEWS = auto()
    OTHER = auto()


@dataclass(frozen=True)
class _Statement:
    kind: _Kind
    table: str  # table or view that it makes
    text: str
    prepared: str  # its text once its table stands; "" = it is not prepared


def _statement(text: str) -> _Statement:
    if dropped := _DROPPED.match(text):
        return _Statement(_Kind.DROPS, dropped.group(1), text, "")
    if viewed := _VIEWED.match(text):
        return _Statement(_Kind.VIEWS, viewed.group(1), text, "")
    created = _CREATED.match(text)
    if created is None:
        return _Statement(_Kind.OTHER, "", text, text)
    table, filled, query = created.groups()
    if not filled:
        return _Statement(_Kind.EMPTY, table, text, "")
    return _Statement(_Kind.FILLS, table, text, f"INSERT INTO {table} {query}")


class PreparedStatements:
    """The statements of rounds over one connection, each a transaction from `begin` to `end`. Not thread-safe."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._parsed: dict[str, list[_Statement]] = {}
        self._names: dict[str, str] = {}  # of prepared statements, by text
        self._standing: set[str] = set()  # tables and views that stay
        self._views: set[str] = set()  # texts that made those
        self._filled: set[str] = set()  # tables that have rows in this round, or were made in it
        self._rows: dict[str, int] = {}  # of each of these, where all that fills it has said so
        self._new: list[_Statement | tuple[str, pa.Schema]] = []  # first met in this round, in order

    def begin(self) -> None:
        """A round: no table has a row."""
        self._connection.execute("BEGIN TRANSACTION")

    def end(self) -> None:
        """Ends the round: made rows are gone; statements met for the first time are known from now on."""
        self._connection.execute("ROLLBACK")
        self._filled.clear()
        self._rows.clear()
        new, self._new = self._new, []
        for met in new:
            try:
                self._learn(met)
            except duckdb.Error:  # of a round that failed halfway: it is met again
                return

    def run(self, sql: str) -> None:
        """Runs statements without reading results."""
        for statement in self._statements(sql):
            self._run(statement)

    def ask(self, sql: str) -> pa.Table:
        """The result of one query."""
        found: pa.Table = self._connection.sql(self._planned(sql)).to_arrow_table()
        return found

    def number(self, sql: str) -> int:
        """The one number that a query yields."""
        rows = self._connection.execute(self._planned(sql)).fetchall()  # to its end: what is left refuses the next one
        return int(rows[0][0] or 0) if rows else 0

    def rows_of(self, table: str) -> int | None:
        """Returns a table's number of rows in this round; None = unknown without a query."""
        return self._rows.get(table)

    def fill(self, name: str, rows: pa.Table) -> None:
        """Makes a table of rows that were worked out in Python."""
        if name in self._standing:
            self._empty(name)
            self._connection.execute(f"INSERT INTO {name} SELECT * FROM rows")
        else:
            self._connection.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM rows")
            self._new.append((name, rows.schema))
        self._filled.add(name)
        self._rows[name] = rows.num_rows

    def append(self, name: str, rows: pa.Table) -> None:
        """Adds rows to a table."""
        self._connection.execute(f"INSERT INTO {name} SELECT * FROM rows")
        self._more(name, rows.num_rows)

    def _planned(self, sql: str) -> str:
        """A query, or the statement that runs it as it was planned."""
        if name := self._names.get(sql):
            return f"EXECUTE {name}"
        self._new.append(_Statement(_Kind.OTHER, "", sql, sql))
        return sql

    def _statements(self, sql: str) -> list[_Statement]:
        if (known := self._parsed.get(sql)) is None:
            known = [_statement(each.query) for each in self._connection.extract_statements(sql)]
            if len(self._parsed) < _MOST:
                self._parsed[sql] = known
        return known

    def _run(self, statement: _Statement) -> None:
        table = statement.table
        if statement.kind is _Kind.DROPS:
            self._rows.pop(table, None)
            if table not in self._standing:  # made in this round
                self._connection.execute(statement.text)
            return
        if statement.kind is _Kind.VIEWS:
            if statement.text not in self._views:
                self._connection.execute(statement.text)
                self._new.append(statement)
            return
        if table in self._standing:
            self._empty(table)
            if statement.kind is _Kind.EMPTY:
                self._rows[table] = 0
                return
            self._filled.add(table)
        elif table:
            self._rows[table] = self._changed(statement.text)
            self._new.append(statement)
            return
        if name := self._names.get(statement.prepared):
            changed = self._changed(f"EXECUTE {name}")
        else:
            changed = self._changed(statement.prepared)
            self._new.append(statement)
        if table:
            self._rows[table] = changed
        elif into := _INSERTED.match(statement.text):
            self._more(into.group(1), changed)
        elif of := _DELETED.match(statement.text):
            self._more(of.group(1), -changed)

    def _changed(self, sql: str) -> int:
        """Runs one statement; how many rows it says it has put into a table."""
        said = self._connection.execute(sql).fetchall()
        return int(said[0][0]) if said and isinstance(said[0][0], int) else 0

    def _more(self, table: str, rows: int) -> None:
        if table in self._rows:
            self._rows[table] += rows

    def _empty(self, table: str) -> None:
        """A table that was made, dropped and is made again in one round."""
        if table in self._filled:
            self._connection.execute(f"DELETE FROM {table}")

    def _learn(self, met: _Statement | tuple[str, pa.Schema]) -> None:
        """Makes its table, which stands from now on, or plans the statement."""
        if not isinstance(met, _Statement):
            name, schema = met
            if name not in self._standing:
                rows = schema.empty_table()  # noqa: F841  DuckDB finds it by its name
                self._connection.execute(f"CREATE TABLE {name} AS SELECT * FROM rows")
                self._standing.add(name)
            return
        if met.table and met.table not in self._standing:
            self._connection.execute(met.text)
            self._standing.add(met.table)
        if met.kind is _Kind.VIEWS:
            self._views.add(met.text)
            return
        if met.prepared and met.prepared not in self._names and len(self._names) < _MOST:
            name = f"planned_{len(self._names)}"
            self._connection.execute(f"PREPARE {name} AS {met.prepared}")
            self._names[met.prepared] = name
