"""Takes an outbox over: numbers its rows, sends them, and sends again those that the server lacks.

The server's missing numbers decide, not the state. A missing number is sent again with its own row, and if that is
refused, with the row that holds for the record now.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from clients.feed.changes import FileChange
from clients.feed.issued import ServerPlace, SourceFailed, begin_at, is_lacking
from clients.feed.kept_file import read_whole, write_whole
from clients.feed.outbox import Cursor, Outbox, OutboxRow
from clients.feed.pushing import Pusher, Tally
from clients.feed.refused_list import RefusedList, list_of
from clients.feed.retrying import Say
from clients.feed.sending import Frame
from ronda.v1 import feed_service_pb2 as contract

_ROWS = 1000  # at once
_SHOWN = 40  # characters of a register's name: a row may hold anything there


@dataclass
class OutboxState:
    """Progress of taking an outbox over; written after the server's answer, so that a crash repeats and never skips."""

    txid: int = 0
    id: int = 0
    numbers: dict[str, int] = field(default_factory=dict)  # register -> last number
    refused: dict[str, list[int]] = field(default_factory=dict)  # by `record_of`: numbers that are missing
    token: str = ""  # resume token of the last answer
    lost: dict[str, list[list[int]]] = field(default_factory=dict)  # register -> runs of numbers that no row here has


def read_state(path: Path) -> OutboxState | None:
    """Reads the file; None where there is none. Raises SourceFailed, OSError."""
    try:
        state = OutboxState(**json.loads(read_whole(path)))
        state.refused = {record: numbers for record, numbers in state.refused.items() if record.startswith("[")}
        return state
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise SourceFailed(
            f"{path.name} no es un estado de bandeja: quítelo y empiece con otra fuente", passes=False
        ) from None


def write_state(path: Path, state: OutboxState) -> None:
    """Replaces the file, whole and on disk. Raises OSError."""
    write_whole(path, asdict(state))


def numbered(rows: list[OutboxRow], state: OutboxState) -> Iterator[contract.FeedChange]:
    """The rows with their numbers, and again under each number of an earlier row of the record that was refused."""
    for row in rows:
        change = row.change
        for number in state.refused.get(record_of(change), ()):
            yield copy_under(number, change)
        change.sequence = state.numbers.get(change.register_id, 0) + 1
        state.numbers[change.register_id] = change.sequence
        state.txid, state.id = row.cursor
        yield change


def record_of(change: contract.FeedChange) -> str:
    """Names the record of a change as far as the outbox knows its key: the manifest alone knows of a line."""
    return json.dumps([change.register_id, change.manifest_source, change.record_id])


def register_of(record: str) -> str:
    """Returns the register of a `record_of`."""
    return str(json.loads(record)[0])


def note_fate(change: contract.FeedChange, *, was_refused: bool, refused: dict[str, list[int]]) -> None:
    """Remembers a number that stays missing until the record is sent under it in a way that can be taken.

    refused: numbers by `record_of`.
    """
    key = record_of(change)
    missing = [each for each in refused.get(key, ()) if each != change.sequence]
    if was_refused:
        missing.append(change.sequence)
    if missing:
        refused[key] = missing
    else:
        refused.pop(key, None)


def place_back(state: OutboxState, register: str, number: int) -> int:
    """Returns where the row of a number stands, counted back from the last one, which is 1; 0 = no row here has it."""
    runs = state.lost.get(register, ())
    if any(first <= number <= last for first, last in runs):
        return 0
    lost_after = sum(last - first + 1 for first, last in runs if first > number)
    return state.numbers.get(register, 0) - number + 1 - lost_after


class OutboxWork:
    """Sends what stands in an outbox, and once more what the server lacks of it."""

    def __init__(
        self,
        outbox: Outbox,
        state_file: Path,
        stub: Any,
        frame: Frame,
        source: str,
        patience_s: float,
        told: Say,
        begins: Mapping[str, int] | None = None,
        skipped: Iterable[tuple[str, int]] = (),
    ) -> None:
        """begins: register -> number at which it goes on (`begin_at`). skipped: refused numbers that are settled."""
        self._outbox, self._state_file, self._told = outbox, state_file, told
        self._stub, self._frame, self._source, self._patience_s = stub, frame, source, patience_s
        self._begins, self._skipped = dict(begins or {}), set(skipped)
        self._refusals = RefusedList(list_of(state_file))
        self.held_up = False  # rows wait for a transaction that has not ended: no heartbeat would be true
        self._compared = False  # with what the server has
        self._registers: set[str] = set()  # of the source, as the server names them
        self._place = ServerPlace()

    def step(self) -> Tally | None:
        """Sends the next rows behind the horizon; None = there are none. Raises SourceFailed, CallFailure, OSError."""
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
        """Returns the last number of each register; None before anything is known. Raises SourceFailed, OSError."""
        state = read_state(self._state_file)
        return None if state is None or not self._compared else state.numbers

    def unsettled(self) -> list[str]:
        """Returns a line for each refused row with a number that the server does not miss: its register is not the
        source's.

        Raises SourceFailed, OSError.
        """
        return [
            f"la fila {register[:_SHOWN]} {number} no está en el libro de cambios: la fuente no tiene ese registro. "
            f"Escriba la fila bajo el suyo, y --skip '{register[:_SHOWN]}={number}'"
            for register, number in self._foreign(read_state(self._state_file) or OutboxState())
        ]

    def _foreign(self, state: OutboxState) -> list[tuple[str, int]]:
        """Returns register and number of each refused row of a register that is not the source's."""
        return [
            (register_of(record), number)
            for record, numbers in state.refused.items()
            if register_of(record) not in self._registers
            for number in numbers
        ]

    def seen(self, positions: Mapping[str, Any]) -> None:
        """Takes the server's positions; the next step compares what it has with what was sent, where it must.

        Raises SourceFailed, OSError.
        """
        state = read_state(self._state_file) or OutboxState()
        if state.refused:  # somebody may have filled a number by hand
            _settle(state, positions, set())
            write_state(self._state_file, state)
        self._refusals.note((), positions)
        if self._place.calls_for_comparison(positions, state.numbers):
            self._compared = False

    def _push(self, changes: Iterator[contract.FeedChange], state: OutboxState) -> Tally:
        def noted(sent: FileChange, outcome: contract.FeedOutcome) -> None:
            was_refused = outcome.kind == contract.FEED_OUTCOME_KIND_REFUSED
            note_fate(sent.change, was_refused=was_refused, refused=state.refused)

        sent = [FileChange(place, each) for place, each in enumerate(changes, 1)]
        pusher = Pusher(
            self._stub,
            self._frame,
            self._source,
            state.token,
            patience_s=self._patience_s,
            unsettled=bool(self._foreign(state)),
            on_outcome=noted,
        )
        tally = pusher.push(sent)
        state.token = tally.token
        self._refusals.note(tally.refused, tally.positions)
        if self._place.calls_for_comparison(tally.positions, state.numbers):
            self._compared = False
        return tally

    def _compare(self, state: OutboxState | None) -> OutboxState:
        """Holds the state against the server's. Raises SourceFailed, CallFailure, OSError.

        What the server lacks is sent again under its numbers: rows keep their place, so nothing is ever renumbered.
        """
        pusher = Pusher(self._stub, self._frame, self._source, state.token if state else "", patience_s=0.0)
        positions = pusher.positions()
        self._registers = set(positions)
        if state is None:
            if any(position.newest for position in positions.values()):
                rule = "no hay estado en --state y el servidor ya tiene cambios de esta fuente: recupere el archivo"
                raise SourceFailed(f"{rule}, o empiece con otra fuente después de un extracto completo", passes=False)
            state = OutboxState()
        for register, run in begin_at(state.numbers, self._begins, positions).items():
            state.lost.setdefault(register, []).append(list(run))
        _settle(state, positions, self._skipped)
        write_state(self._state_file, state)
        tried: set[tuple[str, int]] = set()
        sent = 1
        while sent:  # the server names a hundred gaps at a time; what it refuses again is not sent a third time
            behind = [name for name, position in positions.items() if state.numbers.get(name, 0) > position.through]
            sent = sum(self._send_again(name, positions[name], state, tried) for name in behind)
            positions = pusher.positions() if sent else positions
        self._compared = True
        return state

    def _send_again(self, register: str, position: Any, state: OutboxState, tried: set[tuple[str, int]]) -> int:
        """Sends what the server lacks of a register and was not tried; returns how many numbers.

        Raises SourceFailed, CallFailure, OSError.
        """
        last = state.numbers.get(register, 0)
        gaps = [range(run.first, run.last + 1) for run in position.missing]
        gaps.append(range(position.newest + 1, last + 1))
        lacking = {number for gap in gaps for number in gap if number <= last and (register, number) not in tried}
        if not lacking:
            return 0
        tried.update((register, number) for number in lacking)
        numbers = {place: number for number in lacking if (place := place_back(state, register, number))}
        runs, until = _runs(sorted(numbers)), Cursor(state.txid, state.id)
        rows = self._outbox.rows_back(register, runs, until) if runs else {}
        again = {numbers[place]: rows[place].change for place in sorted(rows, reverse=True)}
        for number, change in again.items():
            change.sequence = number
        if again:
            self._told(f"al servidor le faltan {len(again)} cambios de {register} que ya tenía: se envían de nuevo")
            self._push(iter(again.values()), state)
            refused = [number for number, change in again.items() if number in state.refused.get(record_of(change), ())]
            self._fill(register, {number: again[number] for number in refused}, state)
            write_state(self._state_file, state)
        if left := len(lacking) - len(again):
            rule = f"al servidor le faltan {left} cambios de {register} que la bandeja ya no tiene"
            self._told(f"{rule}: entregue un extracto completo y empiece con otra fuente")
        return len(lacking)

    def _fill(self, register: str, refused: Mapping[int, contract.FeedChange], state: OutboxState) -> None:
        """Sends the present rows of records under numbers with refused rows of their own.

        Raises SourceFailed, CallFailure, OSError.
        """
        runs = _runs(sorted(place_back(state, register, number) for number in refused))
        rows = self._outbox.present_rows(register, runs, Cursor(state.txid, state.id)) if runs else []
        present = {record_of(row.change): row.change for row in rows}
        filling = [
            copy_under(number, present[record_of(change)])
            for number, change in refused.items()
            if record_of(change) in present
        ]
        filling = [each for each in filling if each != refused[each.sequence]]  # the same row would be refused again
        if filling:
            self._push(iter(filling), state)


def _settle(state: OutboxState, positions: Mapping[str, Any], skipped: set[tuple[str, int]]) -> None:
    """Forgets refused numbers that the server does not lack, and those that the operator settled."""
    for record, numbers in list(state.refused.items()):
        register = register_of(record)
        left = [
            number
            for number in numbers
            if (register in positions and is_lacking(positions[register], number))
            or (register not in positions and (register[:_SHOWN], number) not in skipped)
        ]
        if left:
            state.refused[record] = left
        else:
            del state.refused[record]


def _runs(places: list[int]) -> list[range]:
    """Returns ascending numbers as runs."""
    found: list[range] = []
    for place in places:
        if found and found[-1].stop == place:
            found[-1] = range(found[-1].start, place + 1)
        else:
            found.append(range(place, place + 1))
    return found


def copy_under(number: int, change: contract.FeedChange) -> contract.FeedChange:
    """Returns a change as it would be under another number."""
    again = contract.FeedChange()
    again.CopyFrom(change)
    again.sequence = number
    return again
