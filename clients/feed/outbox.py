"""An outbox in an institution's PostgreSQL, read by the horizon of its transactions (docs/feed.md has the table).

Numbers of a sequence have gaps, and are given out in another order than transactions commit: who reads "all above the
last one" misses what committed late. So a row counts once every transaction up to its own has ended: then nothing can
come before it any more, the order (txid, id) is final, and a row's number in its register is its place in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import adbc_driver_manager
from adbc_driver_postgresql import dbapi
from google.protobuf.timestamp_pb2 import Timestamp

from clients.feed.changes import CHANGE_BYTES, FileChange
from clients.feed.issued import ServerPlace, SourceFailed, write_whole
from clients.feed.pushing import Pusher, Tally
from clients.feed.sending import Frame, Say
from ronda.v1 import feed_service_pb2 as contract

_ROWS = 1000  # at once

_TABLE = re.compile(r"\A[a-z_][a-z0-9_]{0,62}(\.[a-z_][a-z0-9_]{0,62})?\Z")
_REGISTER = re.compile(r"\A[a-z0-9-]{2,20}\Z")
_COLUMNS = (
    "txid::text, id::bigint, register::text, record_id::text, kind::text, "
    "CASE WHEN isfinite(event_time) THEN (extract(epoch FROM event_time) * 1000000)::bigint ELSE 0 END, "
    "coalesce(manifest_source, '')::text, coalesce(cells, '{}')::text"
)
_HORIZON = "SELECT pg_snapshot_xmin(s)::text, pg_snapshot_xmax(s)::text FROM pg_current_snapshot() AS s"
_KINDS = {"UPSERT": contract.FEED_CHANGE_KIND_UPSERT, "CANCEL": contract.FEED_CHANGE_KIND_CANCEL}


class Cursor(NamedTuple):
    """The last row that was taken over."""

    txid: int = 0
    id: int = 0


class OutboxRow(NamedTuple):
    """A row with its place, not numbered yet."""

    cursor: Cursor
    change: contract.FeedChange


class Look(NamedTuple):
    """What one look found. `held_up`: rows wait for a transaction that has not ended."""

    rows: list[OutboxRow]
    held_up: bool


@dataclass
class OutboxState:
    """How far an outbox was taken over; written after the server's answer, so that a crash repeats and never skips."""

    txid: int = 0
    id: int = 0
    numbers: dict[str, int] = field(default_factory=dict)  # register -> last number
    refused: dict[str, list[int]] = field(default_factory=dict)  # by `_record_of`: numbers that are missing
    token: str = ""  # resume token of the last answer


def read_state(path: Path) -> OutboxState | None:
    """Reads the file; None where there is none. Raises SourceFailed, OSError."""
    try:
        return OutboxState(**json.loads(path.read_bytes()))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, RecursionError):
        raise SourceFailed(
            f"{path.name} no es un estado de bandeja: quítelo y empiece con otra fuente", passes=False
        ) from None


def write_state(path: Path, state: OutboxState) -> None:
    """Replaces the file, whole and on disk. Raises OSError."""
    write_whole(path, asdict(state))


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
                    raise SourceFailed("la base fue restaurada: empiece con otra fuente y otro estado", passes=False)
                cursor.execute(self._query(xmin, after, most))
                rows = [_row(*row) for row in cursor.fetchall()]
                cursor.execute(f"SELECT EXISTS (SELECT FROM {self._table} WHERE txid >= '{xmin}'::xid8)")  # noqa: S608
                return Look(rows, bool(cursor.fetchone()[0]))
        except (adbc_driver_manager.Error, OSError) as error:
            raise SourceFailed(f"no se puede leer la base ({_state(error)})", passes=True) from None

    def last_of(self, register: str, most: int, until: Cursor) -> list[OutboxRow]:
        """Returns the last rows of a register up to a row that was taken, ascending; fewer where rows were deleted.

        Raises SourceFailed.
        """
        if not _REGISTER.match(register):
            return []
        query = (
            f"SELECT {_COLUMNS} FROM {self._table} AS box WHERE register = '{register}' "  # noqa: S608
            f"AND (txid, id) <= ('{until.txid}'::xid8, {until.id}) ORDER BY box.txid DESC, box.id DESC LIMIT {most}"
        )
        try:
            with closing(dbapi.connect(self._dsn)) as connection, connection.cursor() as cursor:
                cursor.execute(query)
                return [_row(*row) for row in cursor.fetchall()][::-1]
        except (adbc_driver_manager.Error, OSError) as error:
            raise SourceFailed(f"no se puede leer la base ({_state(error)})", passes=True) from None

    def _query(self, xmin: int, after: Cursor, most: int) -> str:
        """Numbers alone are put into the text; the table is a plain name.

        The order is by the table's columns: `txid` alone would be the text of the first one, where 1000 is before 999.
        """
        return (
            f"SELECT {_COLUMNS} FROM {self._table} AS box "  # noqa: S608
            f"WHERE txid < '{xmin}'::xid8 AND (txid, id) > ('{after.txid}'::xid8, {after.id}) "
            f"ORDER BY box.txid, box.id LIMIT {most}"
        )


def numbered(rows: list[OutboxRow], state: OutboxState) -> Iterator[contract.FeedChange]:
    """The rows with their numbers, and again under each number of an earlier row of the record that was refused."""
    for row in rows:
        change = row.change
        for number in state.refused.get(_record_of(change), ()):
            again = contract.FeedChange()
            again.CopyFrom(change)
            again.sequence = number
            yield again
        change.sequence = state.numbers.get(change.register_id, 0) + 1
        state.numbers[change.register_id] = change.sequence
        state.txid, state.id = row.cursor
        yield change


def _record_of(change: contract.FeedChange) -> str:
    """Names the record of a change as far as the outbox knows its key: the manifest alone knows of a line."""
    return f"{change.register_id} {change.manifest_source} {change.record_id}"


def note_fate(change: contract.FeedChange, *, was_refused: bool, state: OutboxState) -> None:
    """Remembers a number that stays missing until the record is sent under it in a way that can be taken."""
    key = _record_of(change)
    missing = [each for each in state.refused.get(key, ()) if each != change.sequence]
    if was_refused:
        missing.append(change.sequence)
    if missing:
        state.refused[key] = missing
    else:
        state.refused.pop(key, None)


class OutboxWork:
    """Sends what stands in an outbox, and once more what the server lacks of it."""

    def __init__(
        self, outbox: Outbox, state_file: Path, stub: Any, frame: Frame, source: str, patience_s: float, told: Say
    ) -> None:
        self._outbox, self._state_file, self._told = outbox, state_file, told
        self._stub, self._frame, self._source, self._patience_s = stub, frame, source, patience_s
        self.held_up = False  # rows wait for a transaction that has not ended: no heartbeat would be true
        self._compared = False  # with what the server has
        self._place = ServerPlace()

    def step(self) -> Tally | None:
        """The next rows behind the horizon; None = there are none. Raises SourceFailed, CallFailure, OSError."""
        state = read_state(self._state_file)
        if not self._compared:
            state = self._compare(state)
        assert state is not None
        look = self._outbox.look(Cursor(state.txid, state.id), _ROWS)
        self.held_up = look.held_up
        if not look.rows:
            return None
        tally = self._push(numbered(look.rows, state), state)
        write_state(self._state_file, state)
        return tally

    def issued(self) -> Mapping[str, int] | None:
        """The last number of each register; None before anything is known. Raises SourceFailed, OSError."""
        state = read_state(self._state_file)
        return None if state is None or not self._compared else state.numbers

    def seen(self, positions: Mapping[str, Any]) -> None:
        """Takes the server's positions. Where it went back, the next step compares what it has with what was sent."""
        if self._place.went_back(positions):
            self._compared = False

    def _push(self, changes: Iterator[contract.FeedChange], state: OutboxState) -> Tally:
        def noted(sent: FileChange, outcome: contract.FeedOutcome) -> None:
            was_refused = outcome.kind == contract.FEED_OUTCOME_KIND_REFUSED
            note_fate(sent.change, was_refused=was_refused, state=state)

        sent = [FileChange(place, each) for place, each in enumerate(changes, 1)]
        pusher = Pusher(
            self._stub, self._frame, self._source, state.token, patience_s=self._patience_s, on_outcome=noted
        )
        tally = pusher.push(sent)
        state.token = tally.token
        self.seen(tally.positions)
        return tally

    def _compare(self, state: OutboxState | None) -> OutboxState:
        """Holds the state against the server's. Raises SourceFailed, CallFailure, OSError.

        What the server lacks is sent again under its numbers: rows keep their place, so nothing is ever renumbered.
        """
        pusher = Pusher(self._stub, self._frame, self._source, state.token if state else "", patience_s=0.0)
        positions = pusher.positions()
        if state is None:
            if any(position.newest for position in positions.values()):
                rule = "no hay estado en --state y el servidor ya tiene cambios de esta fuente: recupere el archivo"
                raise SourceFailed(f"{rule}, o empiece con otra fuente después de un extracto completo", passes=False)
            state = OutboxState()
            write_state(self._state_file, state)
        sent = 1
        while sent:  # the server names a hundred gaps at a time; what it refuses again is not sent a third time
            behind = [name for name, position in positions.items() if state.numbers.get(name, 0) > position.through]
            sent = sum(self._send_again(name, positions[name], state) for name in behind)
            positions = pusher.positions() if sent else positions
        self._compared = True
        return state

    def _send_again(self, register: str, position: Any, state: OutboxState) -> int:
        """Sends what the server lacks of a register; returns how many changes.

        Raises SourceFailed, CallFailure, OSError.
        """
        last = state.numbers.get(register, 0)
        gaps = [range(run.first, run.last + 1) for run in position.missing]
        gaps.append(range(position.newest + 1, last + 1))
        refused = {number for numbers in state.refused.values() for number in numbers}
        first = min((gap.start for gap in gaps if len(gap)), default=last + 1)
        rows = self._outbox.last_of(register, last - first + 1, Cursor(state.txid, state.id))
        lacking = {number for gap in gaps for number in gap if number <= last} - refused
        changes = []
        for number, row in zip(range(last - len(rows) + 1, last + 1), rows, strict=True):
            if number in lacking:
                row.change.sequence = number
                changes.append(row.change)
                lacking.discard(number)
        if changes:
            self._told(f"al servidor le faltan {len(changes)} cambios de {register} que ya tenía: se envían de nuevo")
            self._push(iter(changes), state)
            write_state(self._state_file, state)
        if lacking:
            rule = f"al servidor le faltan {len(lacking)} cambios de {register} que la bandeja ya no tiene"
            self._told(f"{rule}: entregue un extracto completo y empiece con otra fuente")
        return len(changes)


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
        change.cells.update({name: _text(cell) for name, cell in found.items() if cell is not None})
    if change.ByteSize() > CHANGE_BYTES:  # alike: sent whole, it would end the stream of all
        change.ClearField("cells")
    return OutboxRow(Cursor(int(txid), id_), change)


def _text(cell: Any) -> str:
    return cell if isinstance(cell, str) else json.dumps(cell, ensure_ascii=False)


def _state(error: Exception) -> str:
    """The SQLSTATE of a driver's error, else its class: messages may hold values of rows."""
    found = getattr(error, "sqlstate", None)
    return f"SQLSTATE {found}" if found and re.fullmatch(r"[0-9A-Z]{5}", str(found)) else type(error).__name__
