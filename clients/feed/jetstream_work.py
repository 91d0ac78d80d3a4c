"""Takes a stream of NATS JetStream over: sends its messages, and sends again those that the server lacks.

A message is acknowledged to the broker once the server has answered for it. The server recognises repeats after a crash
or a long wait by their sequence. A message that is no change is kept in the state before it is acknowledged: while it
stands there the source is not up to date.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeGuard

from clients.client.failures import CallFailure
from clients.feed.changes import FileChange
from clients.feed.issued import (
    HistoriesDiffer,
    Issued,
    ServerPlace,
    begin_at,
    read_issued,
    stream_went_back,
    write_issued,
)
from clients.feed.jetstream import MESSAGES, JetStreamSource, StreamMessage
from clients.feed.pushing import MISSING_NOWHERE, Pusher, Tally
from clients.feed.refused_list import RefusedList, list_of
from clients.feed.retrying import Say
from clients.feed.sending import Frame
from ronda.v1 import feed_service_pb2 as contract

_SHOWN = 40  # characters of a register's name: a message may hold anything there
_WHY = dict(zip(MISSING_NOWHERE, ("la fuente no tiene ese registro", "faltan demasiados números antes"), strict=True))


class JetStreamWork:
    """Sends what a stream of NATS JetStream holds, and once more what the server lacks of it."""

    def __init__(
        self,
        stream: JetStreamSource,
        stub: Any,
        frame: Frame,
        source: str,
        patience_s: float,
        wait_s: float,
        told: Say,
        state_file: Path,
        begins: Mapping[str, int] | None = None,
        skipped: Iterable[int] = (),
        new_stream: bool = False,
    ) -> None:
        """`told`: called with each message that is no change. state_file: keeps the answers.

        begins: register -> number at which it goes on (`begin_at`). skipped: places in the stream that are settled.
        new_stream: the stream was made anew, restored or emptied, and all its missing changes are published again.
        """
        self._stream, self._wait_s, self._told, self._state_file = stream, wait_s, told, state_file
        self._stub, self._frame, self._source, self._patience_s = stub, frame, source, patience_s
        self._begins, self._skipped = dict(begins or {}), set(skipped)
        self._refusals = RefusedList(list_of(state_file))
        self._known: Issued | None = None
        self._compared = False
        self._place = ServerPlace()
        self._new_stream, self._seen_connections = new_stream, 0
        self._gone: range = range(0)  # places at the stream's end that are gone and were never read

    def step(self) -> Tally | None:
        """Sends the next messages; None = none came. Raises SourceFailed, CallFailure, HistoriesDiffer, OSError."""
        self._look_at_stream()
        if not self._compared:
            self._compare()
        found = self._stream.look(MESSAGES, self._wait_s)
        if not found:
            return None
        aside = set(self._answered().aside)
        fresh = [each for each in found if each.place not in aside]
        self._keep_unread(fresh)
        try:
            tally = self._push([FileChange(each.place, each.change) for each in fresh if self._is_sent(each.change)])
        except (HistoriesDiffer, CallFailure):
            self._stream.hand_back([each.message for each in found])
            raise
        self._read_to(max(each.place for each in found))
        self._stream.done([each.message for each in found])
        return tally

    def issued(self) -> Mapping[str, int] | None:
        """Returns the last numbers that were answered; None while the broker has a message that was not.

        Raises SourceFailed.
        """
        if not self._compared or self._seen_connections != self._stream.connections:
            return None
        found = self._stream.place()
        if self._stream.is_waiting() or self._seen_connections != self._stream.connections:
            return None
        known = self._answered()
        self._gone = range(known.place + 1, found.last + 1 if found.alone else 0)
        return known.numbers

    def unsettled(self) -> list[str]:
        """Returns a line for each message that came and is in no ledger, and one for those that never came."""
        lines = [_unsettled(place, *what) for place, what in self._answered().unread.items()]
        return [*lines, _never_read(self._gone)] if self._gone else lines

    def seen(self, positions: Mapping[str, Any]) -> None:
        """Takes the server's positions; the next step compares what it has with what was sent, where it must.

        Raises SourceFailed, OSError.
        """
        self._refusals.note((), positions)
        if self._place.calls_for_comparison(positions, self._answered().numbers):
            self._compared = False

    def _look_at_stream(self) -> None:
        """Holds the stream of each new connection against the one that was read. Raises HistoriesDiffer."""
        if self._seen_connections and self._seen_connections == self._stream.connections:
            return
        found, known = self._stream.place(), self._answered()
        if known.stream and (found.made != known.stream or found.last < known.place):
            if not self._new_stream:
                raise stream_went_back(self._stream.name)
            # Its places are others: what is unread stays so until its number comes, under a place that none has.
            known.unread = {f"-{place.lstrip('-')}": what for place, what in known.unread.items()}
            known.aside, known.place = [], 0
        if self._new_stream or not known.stream:
            known.place = max(known.place, found.first - 1)
        self._new_stream = False
        known.stream = found.made
        write_issued(self._state_file, known)
        self._seen_connections = self._stream.connections

    def _read_to(self, place: int) -> None:
        known = self._answered()
        if place > known.place:
            known.place = place
            write_issued(self._state_file, known)

    def _answered(self) -> Issued:
        if self._known is None:
            self._known = read_issued(self._state_file) or Issued()
        return self._known

    def _keep_unread(self, found: Sequence[StreamMessage]) -> None:
        """Notes messages that are no change; the state is written before they are acknowledged."""
        unread = self._answered().unread
        for each in found:
            if each.change is None and str(each.place) not in unread:
                unread[str(each.place)] = [each.register, each.number, each.why]
                self._told(_unsettled(str(each.place), *unread[str(each.place)]))

    def _is_sent(self, change: contract.FeedChange | None) -> TypeGuard[contract.FeedChange]:
        """Returns False for no change, and for a heartbeat that would call the source complete while it is not."""
        if change is None or change.kind != contract.FEED_CHANGE_KIND_HEARTBEAT:
            return change is not None
        known = self._answered()
        return not known.unread or change.sequence > known.numbers.get(change.register_id, 0)

    def _push(self, changes: Sequence[FileChange]) -> Tally:
        known = self._answered()

        def settle(sent: FileChange, outcome: contract.FeedOutcome) -> None:
            change = sent.change
            if outcome.kind == contract.FEED_OUTCOME_KIND_REFUSED or change.kind == contract.FEED_CHANGE_KIND_HEARTBEAT:
                return
            for place, (register, number, _) in list(known.unread.items()):
                if (register, number) == (change.register_id, change.sequence):
                    del known.unread[place]
                    known.aside.append(int(place))

        token, patience_s = known.token, self._patience_s
        pusher = Pusher(
            self._stub,
            self._frame,
            self._source,
            token,
            patience_s=patience_s,
            unsettled=bool(known.unread),
            on_outcome=settle,
        )
        try:
            tally = pusher.push(changes)
        except HistoriesDiffer as differ:
            rule = f"mensaje {differ.line} del stream: {differ.rule}"
            raise HistoriesDiffer(f"{rule}; publicado de nuevo con otro número, --skip {differ.line}") from None
        unread = {each.line: each for each in tally.refused if each.reason in MISSING_NOWHERE}
        for place, refused in unread.items():
            known.unread[str(place)] = [refused.register[:_SHOWN], refused.sequence, _WHY[refused.reason]]
        for each in changes:
            if each.line not in unread:
                known.reach(each.change.register_id, each.change.sequence)
            known.place = max(known.place, each.line)
        known.token = tally.token
        write_issued(self._state_file, known)
        self._refusals.note(tally.refused, {})
        self.seen(tally.positions)
        return tally

    def _compare(self) -> None:
        """Sends again what the server lacks of what it had answered for, from all that the stream still has."""
        known = self._answered()
        positions = Pusher(self._stub, self._frame, self._source, known.token, patience_s=0.0).positions()
        begin_at(known.numbers, self._begins, positions)
        for place in self._skipped - set(known.aside):
            known.unread.pop(str(place), None)
            known.aside.append(place)
        write_issued(self._state_file, known)
        lacking = {
            name: {
                *(number for run in position.missing for number in range(run.first, run.last + 1)),
                *range(position.newest + 1, known.numbers.get(name, 0) + 1),
            }
            for name, position in positions.items()
        }
        if any(lacking.values()):
            self._send_again(lacking)
        self._compared = True

    def _send_again(self, lacking: Mapping[str, set[int]]) -> None:
        """Sends the first message of each number, and where that is refused the next one that has it."""
        aside = set(self._answered().aside)
        waiting: dict[tuple[str, int], list[FileChange]] = {}
        for each in self._stream.whole():
            change = each.change
            if (
                change is not None
                and each.place not in aside
                and change.sequence in lacking.get(change.register_id, ())
            ):
                waiting.setdefault((change.register_id, change.sequence), []).append(FileChange(each.place, change))
        if waiting:
            self._told(f"al servidor le faltan {len(waiting)} cambios que el stream tiene: se envían de nuevo")
        left = sum(map(len, lacking.values())) - len(waiting)
        while waiting:
            tally = self._push([first for first, *_ in (waiting[number] for number in sorted(waiting))])
            refused = {(each.register, each.sequence) for each in tally.refused}
            waiting = {number: rest for number, (_, *rest) in waiting.items() if rest and number in refused}
        if left > 0:
            self._told(f"al servidor le faltan {left} cambios que el stream ya no tiene: entregue un extracto completo")


def _never_read(gone: range) -> str:
    way_out = "publique con sus números lo que tenían, o si nada falta --new-stream"
    return f"mensajes {gone.start} a {gone.stop - 1} del stream ya no están y nunca se leyeron: {way_out}"


def _unsettled(place: str, register: str, number: int, why: str) -> str:
    named = f" ({register} {number})" if number else ""
    way_out = f"publíquelo bien con su número, o --skip {place}"
    return f"mensaje {place} del stream{named} no está en el libro de cambios: {why}; {way_out}"
