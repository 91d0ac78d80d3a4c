"""An outbox in an institution's PostgreSQL, read by the horizon of its transactions (docs/feed.md has the table).

Numbers of a sequence have gaps, and are given out in another order than transactions commit. A reader of "all above the
last one" misses late commits. So a row counts once every transaction up to its own has ended. Then nothing can come
before it any more, the order (txid, id) is final, and a row's number in its register is its place in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from contextlib import closing, suppress
from typing import Any, NamedTuple

import adbc_driver_manager
from adbc_driver_postgresql import dbapi
from google.protobuf.timestamp_pb2 import Timestamp

from clients.feed.changes import CHANGE_BYTES
from clients.feed.issued import SourceFailed
from ronda.v1 import feed_service_pb2 as contract

_TABLE = re.compile(r"\A[a-z_][a-z0-9_]{0,62}(\.[a-z_][a-z0-9_]{0,62})?\Z")
_REGISTER = re.compile(r"\A[a-z0-9-]{2,20}\Z")
_COLUMNS = (
    "txid::text, id::bigint, register::text, record_id::text, kind::text, "
    "CASE WHEN isfinite(event_time) THEN (extract(epoch FROM event_time) * 1000000)::bigint ELSE 0 END, "
    "coalesce(manifest_source, '')::text, coalesce(cells, '{}')::text"
)
_HORIZON = "SELECT pg_snapshot_xmin(s)::text, pg_snapshot_xmax(s)::text FROM pg_current_snapshot() AS s"
_KINDS = {"UPSERT": contract.FEED_CHANGE_KIND_UPSERT, "CANCEL": contract.FEED_CHANGE_KIND_CANCEL}
_PUT_BACK = "la base fue restaurada y su estado no: ponga la copia del estado de ese momento, o empiece con otra fuente"


class Cursor(NamedTuple):
    """The last row that was taken over."""

    txid: int = 0
    id: int = 0


class OutboxRow(NamedTuple):
    """A row with its place, not numbered yet."""

    cursor: Cursor
    change: contract.FeedChange


class Look(NamedTuple):
    """The result of one look. `held_up`: rows wait for a transaction that has not ended."""

    rows: list[OutboxRow]
    held_up: bool


class Outbox:
    """One table. Each look is a connection and a transaction of its own: nothing is held between two."""

    def __init__(self, dsn: str, table: str = "ronda_outbox") -> None:
        """Raises SourceFailed for a table that is no plain name."""
        if not _TABLE.match(table):
            raise SourceFailed("--table: un nombre en minúsculas, con su esquema o sin él", passes=False)
        self._dsn, self._table = dsn, table

    def look(self, after: Cursor, most: int) -> Look:
        """The next rows behind the horizon. Raises SourceFailed."""
        try:
            with closing(dbapi.connect(self._dsn)) as connection, connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                cursor.execute(_HORIZON)
                xmin, xmax = (int(value) for value in cursor.fetchone())
                if xmax <= after.txid:
                    raise SourceFailed(_PUT_BACK, passes=False)
                cursor.execute(self._query(xmin, after, most))
                rows = [_row(*row) for row in cursor.fetchall()]
                if self._has_lost(cursor, after):
                    raise SourceFailed(_PUT_BACK, passes=False)
                cursor.execute(f"SELECT EXISTS (SELECT FROM {self._table} WHERE txid >= '{xmin}'::xid8)")  # noqa: S608
                return Look(rows, bool(cursor.fetchone()[0]))
        except (adbc_driver_manager.Error, OSError) as error:
            raise SourceFailed(f"no se puede leer la base ({_state(error)})", passes=True) from None

    def rows_back(self, register: str, places: Sequence[range], until: Cursor) -> dict[int, OutboxRow]:
        """Returns rows of a register by their place, counted back from a row that was taken, which is 1.

        Rows that were deleted are left out. Raises SourceFailed.
        """
        found = self._asked(f"SELECT back, {_COLUMNS} FROM {self._back(register, places, until)}")  # noqa: S608
        return {back: _row(*cells) for back, *cells in found}

    def present_rows(self, register: str, places: Sequence[range], until: Cursor) -> list[OutboxRow]:
        """Returns the last row, up to one that was taken, of each record that has a row at these places.

        Raises SourceFailed.
        """
        key = "record_id, coalesce(manifest_source, '')"
        records = f"SELECT {key} FROM {self._back(register, places, until)}"  # noqa: S608
        return [
            _row(*cells)
            for cells in self._asked(
                f"SELECT DISTINCT ON ({key}) {_COLUMNS} FROM {self._table} AS box "  # noqa: S608
                f"WHERE {_up_to(register, until)} AND ({key}) IN ({records}) "
                f"ORDER BY {key}, box.txid DESC, box.id DESC"
            )
        ]

    def _back(self, register: str, places: Sequence[range], until: Cursor) -> str:
        """Names the rows at places as a table of a query: numbers and plain names alone are put into the text."""
        wanted = " OR ".join(f"back BETWEEN {each.start} AND {each.stop - 1}" for each in places)
        return (
            f"(SELECT *, row_number() OVER (ORDER BY txid DESC, id DESC) AS back FROM {self._table} "  # noqa: S608
            f"WHERE {_up_to(register, until)}) AS box WHERE {wanted}"
        )

    def _asked(self, query: str) -> list[Any]:
        try:
            with closing(dbapi.connect(self._dsn)) as connection, connection.cursor() as cursor:
                cursor.execute(query)
                return list(cursor.fetchall())
        except (adbc_driver_manager.Error, OSError) as error:
            raise SourceFailed(f"no se puede leer la base ({_state(error)})", passes=True) from None

    def _has_lost(self, cursor: dbapi.Cursor, last: Cursor) -> bool:
        """Returns whether the last row that was taken is gone while earlier ones stand: who deletes begins with those.

        A database that was put back gives out the same places anew; its rows would be passed over.
        """
        if not last.txid:
            return False
        place = f"('{last.txid}'::xid8, {last.id})"
        cursor.execute(
            f"SELECT EXISTS (SELECT FROM {self._table} WHERE (txid, id) = {place}), "  # noqa: S608
            f"EXISTS (SELECT FROM {self._table} WHERE (txid, id) < {place})"
        )
        stands, has_earlier = cursor.fetchone()
        return bool(has_earlier and not stands)

    def _query(self, xmin: int, after: Cursor, most: int) -> str:
        """Numbers alone are put into the text; the table is a plain name.

        The order is by the table's columns: `txid` alone would be the text of the first one, where 1000 is before 999.
        """
        return (
            f"SELECT {_COLUMNS} FROM {self._table} AS box "  # noqa: S608
            f"WHERE txid < '{xmin}'::xid8 AND (txid, id) > ('{after.txid}'::xid8, {after.id}) "
            f"ORDER BY box.txid, box.id LIMIT {most}"
        )


def _up_to(register: str, until: Cursor) -> str:
    """Returns the condition for a register's rows up to one. register: as a server names it."""
    if not _REGISTER.match(register):
        raise SourceFailed(f"{register}: no es un registro", passes=False)
    return f"register = '{register}' AND (txid, id) <= ('{until.txid}'::xid8, {until.id})"


def _row(
    txid: str, id_: int, register: str, record_id: str, kind: str, event_us: int, manifest_source: str, cells: str
) -> OutboxRow:
    event_time = Timestamp()
    with suppress(ValueError):  # of a year that no clock has: the server refuses the time before 1970 that stays
        event_time.FromMicroseconds(event_us)
    change = contract.FeedChange(
        register_id=register or "",
        record_id=record_id or "",
        kind=_KINDS.get(kind or "", contract.FEED_CHANGE_KIND_UNSPECIFIED),  # the server refuses it
        event_time=event_time,
        manifest_source=manifest_source,
    )
    found: Any = None
    with suppress(ValueError, RecursionError):  # a row of no cells, which the server refuses: its number stays missing
        found = json.loads(cells)
    if isinstance(found, dict):
        # In a cancellation an empty cell would name another line, so null cells are left out.
        is_upsert = change.kind == contract.FEED_CHANGE_KIND_UPSERT
        change.cells.update({name: _text(cell) for name, cell in found.items() if is_upsert or cell is not None})
    if change.ByteSize() > CHANGE_BYTES:  # alike: sent whole, it would end the stream of all
        change.ClearField("cells")
    return OutboxRow(Cursor(int(txid), id_), change)


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    return cell if isinstance(cell, str) else json.dumps(cell, ensure_ascii=False)


def _state(error: Exception) -> str:
    """The SQLSTATE of a driver's error, else its class: messages may hold values of rows."""
    found = getattr(error, "sqlstate", None)
    return f"SQLSTATE {found}" if found and re.fullmatch(r"[0-9A-Z]{5}", str(found)) else type(error).__name__
