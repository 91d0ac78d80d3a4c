"""Takes over a stream of NATS JetStream with messages without numbers: they are numbered by the stream's order.

Messages are read by their places in the stream, one after the other, never as the broker repeats them: so the order is
always the same. A message's numbers are on disk before it is sent (`NumberFile`), and the server's answered position
stands in the state. A message that is no change, of a known register, has its number too and is missing at the server:
the register is STALE.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from google.protobuf.timestamp_pb2 import Timestamp

from clients.feed.changes import FileChange, MessageUnreadable
from clients.feed.issued import (
    HistoriesDiffer,
    Issued,
    ServerPlace,
    SourceFailed,
    begin_at,
    is_lacking,
    read_issued,
    stream_went_back,
    write_issued,
)
from clients.feed.jetstream import MESSAGES, JetStreamSource, RawMessage
from clients.feed.number_file import SUFFIX, NumberFile, Part
from clients.feed.outbox_work import copy_under, note_fate, record_of, register_of
from clients.feed.pushing import MISSING_NOWHERE, Pusher, RefusedChange, Tally
from clients.feed.refused_list import RefusedList, list_of
from clients.feed.retrying import Say
from clients.feed.sending import Frame
from ronda.v1 import error_pb2
from ronda.v1 import feed_service_pb2 as contract

ReadMessage = Callable[[bytes], list[contract.FeedChange]]
"""The changes of a message, unnumbered. Raises MessageUnreadable."""
_UNREADABLE = "MESSAGE_MALFORMED"
_SHOWN = 40  # characters of a register's name: a message may hold anything there


class _Read(NamedTuple):
    """A message's changes with their numbers; `why` for one that is no change, with its register and number if
    known."""

    place: int
    changes: list[contract.FeedChange]
    why: str = ""
    register: str = ""
    number: int = 0


class StreamNumbering:
    """Sends what a stream holds, numbered, and once more what the server lacks of it."""

    def __init__(
        self,
        stream: JetStreamSource,
        read: ReadMessage,
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
        """Parameters as of JetStreamWork. read: makes changes of a message."""
        self._stream, self._read, self._wait_s, self._told = stream, read, wait_s, told
        self._stub, self._frame, self._source, self._patience_s = stub, frame, source, patience_s
        self._state_file = state_file
        self._numbers = NumberFile(state_file.with_name(f"{state_file.name}{SUFFIX}"))
        self._begins, self._skipped, self._new_stream = dict(begins or {}), set(skipped), new_stream
        self._refusals = RefusedList(list_of(state_file))
        self._known: Issued | None = None
        self._compared, self._seen_connections = False, 0
        self._first = 0  # place before which the stream has nothing, and no number is kept
        self._place = ServerPlace()

    def step(self) -> Tally | None:
        """Sends the next messages; None = none came. Raises SourceFailed, CallFailure, HistoriesDiffer, OSError."""
        self._look_at_stream()
        if not self._compared:
            self._compare()
        known = self._answered()
        found = self._stream.after(known.place, MESSAGES, self._wait_s)
        if not found:
            return None
        self._note_gone(found)
        messages = self._numbered(found)
        self._note_unread(messages)
        tally = self._push(self._to_send(messages))
        self._fill([change for each in messages for change in each.changes], found[-1].place)
        known.place = found[-1].place
        write_issued(self._state_file, known)
        return tally

    def issued(self) -> Mapping[str, int] | None:
        """Returns the last numbers that were answered; None while the stream has a message that was not read.

        Raises SourceFailed.
        """
        if not self._compared or self._seen_connections != self._stream.connections:
            return None
        found, known = self._stream.place(), self._answered()
        if found.first > known.place + 1:  # dropped before they were read, and nothing came behind
            self._add_gone(known.place + 1, found.first - 1)
            known.place = found.first - 1
            write_issued(self._state_file, known)
        if found.first > self._first:
            self._numbers.forget_before(found.first)
            self._first = found.first
        return None if found.last > known.place else known.numbers

    def unsettled(self) -> list[str]:
        """Returns a line for each message that came and is in no ledger, and one for those that never came."""
        known = self._answered()
        lines = [_unsettled(place, *what) for place, what in known.unread.items()]
        return lines + [
            f"mensajes {first} a {last} del stream ya no están y nunca se leyeron: publique de nuevo lo que tenían, o "
            f"si nada falta --new-stream"
            for first, last in known.gone
        ]

    def seen(self, positions: Mapping[str, Any]) -> None:
        """Takes the server's positions; the next step compares what it has with what was sent, where it must.

        Raises SourceFailed, OSError.
        """
        self._refusals.note((), positions)
        known = self._answered()
        self._settle(positions)
        if self._place.calls_for_comparison(positions, known.numbers):
            self._compared = False

    def _answered(self) -> Issued:
        if self._known is None:
            self._known = read_issued(self._state_file) or Issued()
        return self._known

    def _look_at_stream(self) -> None:
        """Holds the stream of each new connection against the one that was read. Raises SourceFailed."""
        if self._seen_connections and self._seen_connections == self._stream.connections:
            return
        found, known = self._stream.place(), self._answered()
        if not found.alone:
            rule = f"el stream {self._stream.name} tiene otros temas que --subject: así no se sabe si un mensaje falta"
            raise SourceFailed(f"{rule}; dé a los cambios un stream suyo", passes=False)
        if known.stream and (found.made != known.stream or found.last < known.place):
            if not self._new_stream:
                raise stream_went_back(self._stream.name)
            known.unread = {f"-{place.lstrip('-')}": what for place, what in known.unread.items()}
            for register, number in self._numbers.newest().items():  # what was numbered and not answered is lost
                known.reach(register, number)
            self._numbers.forget_before(1 << 62)
            known.place = found.first - 1
        if self._new_stream:
            known.gone, known.place = [], max(known.place, found.first - 1)
        self._new_stream = False
        known.stream = found.made
        self._numbers.forget_before(found.first)
        write_issued(self._state_file, known)
        self._seen_connections = self._stream.connections

    def _note_gone(self, found: Sequence[RawMessage]) -> None:
        """Notes places that are in the stream no more and were not read: it holds nothing that is not read here."""
        before = self._answered().place
        for each in found:
            if each.place > before + 1:
                self._add_gone(before + 1, each.place - 1)
            before = each.place

    def _add_gone(self, first: int, last: int) -> None:
        known = self._answered()
        if [first, last] not in known.gone:
            known.gone.append([first, last])

    def _numbered(self, found: Sequence[RawMessage]) -> list[_Read]:
        """Reads messages, and gives their changes numbers, which are on disk by then. Raises SourceFailed."""
        read = [(each.place, *self._changes(each)) for each in found if each.place not in self._skipped]
        parts = [
            Part(place, part, register)
            for place, changes, _, lost in read
            for part, register in enumerate([each.register_id for each in changes] or ([lost] if lost else []))
        ]
        given = dict(zip(parts, self._numbers.give(parts, self._answered().numbers), strict=True))
        messages = []
        for place, changes, why, lost in read:
            for part, change in enumerate(changes):
                change.sequence = given[Part(place, part, change.register_id)]
            messages.append(_Read(place, changes, why, lost, given.get(Part(place, 0, lost), 0)))
        return messages

    def _changes(self, message: RawMessage) -> tuple[list[contract.FeedChange], str, str]:
        """Returns changes, else why there are none and the register that lacks one."""
        try:
            return self._read(message.data), "", ""
        except MessageUnreadable as error:
            return [], error.rule, error.register

    def _note_unread(self, messages: Sequence[_Read]) -> None:
        """Notes messages that are no change; the state is written with the answer of those beside them."""
        unread = self._answered().unread
        for each in messages:
            if each.why and str(each.place) not in unread:
                unread[str(each.place)] = [each.register[:_SHOWN], each.number, each.why]
                self._told(_unsettled(str(each.place), *unread[str(each.place)]))
        lost = (each for each in messages if each.number)
        self._refusals.note(
            [RefusedChange(each.place, each.register, each.number, _UNREADABLE, "", each.why) for each in lost], {}
        )
        write_issued(self._state_file, self._answered())

    def _to_send(self, messages: Sequence[_Read]) -> Iterator[FileChange]:
        """Yields the changes, each under the numbers of earlier ones of its record that were refused too."""
        refused = self._answered().refused
        for each in messages:
            for change in each.changes:
                for number in refused.get(record_of(change), ()):
                    yield FileChange(each.place, copy_under(number, change))
                yield FileChange(each.place, change)
            if each.number:  # the server hears of a number that nothing comes under
                yield FileChange(each.place, _told_number(each.register, each.number))

    def _push(self, changes: Iterable[FileChange]) -> Tally:
        known = self._answered()

        def noted(sent: FileChange, outcome: contract.FeedOutcome) -> None:
            known.reach(sent.change.register_id, sent.change.sequence)
            if (
                sent.change.kind == contract.FEED_CHANGE_KIND_HEARTBEAT
                or outcome.reason == error_pb2.ERROR_REASON_FEED_REGISTER_FOREIGN
            ):
                return
            was_refused = outcome.kind == contract.FEED_OUTCOME_KIND_REFUSED
            note_fate(sent.change, was_refused=was_refused, refused=known.refused)

        pusher = Pusher(
            self._stub,
            self._frame,
            self._source,
            known.token,
            patience_s=self._patience_s,
            unsettled=bool(known.unread or known.gone),
            on_outcome=noted,
        )
        try:
            tally = pusher.push(list(changes))
        except HistoriesDiffer as differ:
            raise HistoriesDiffer(f"mensaje {differ.line} del stream: {differ.rule}") from None
        for each in tally.refused:
            if each.reason == MISSING_NOWHERE[0]:
                known.unread[str(each.line)] = [each.register[:_SHOWN], 0, "la fuente no tiene ese registro"]
        known.token = tally.token
        self._refusals.note(tally.refused, {})
        self.seen(tally.positions)
        return tally

    def _fill(self, changes: Sequence[contract.FeedChange], place: int) -> None:
        """Sends the last change of a record under numbers of earlier ones that were refused among these messages."""
        last = {record_of(each): each for each in changes}
        filling = [
            FileChange(place, copy_under(number, last[record]))
            for record, numbers in self._answered().refused.items()
            if record in last and last[record].sequence not in numbers
            for number in numbers
        ]
        if filling:
            self._push(filling)

    def _settle(self, positions: Mapping[str, Any]) -> None:
        """Forgets what the server lacks no more: it was filled, or skipped."""
        known = self._answered()
        for place, (register, number, _) in list(known.unread.items()):
            if number and register in positions and not is_lacking(positions[register], number):
                del known.unread[place]
        for record, numbers in list(known.refused.items()):
            register = register_of(record)
            left = [each for each in numbers if register not in positions or is_lacking(positions[register], each)]
            if left:
                known.refused[record] = left
            else:
                del known.refused[record]

    def _compare(self) -> None:
        """Sends again what the server lacks of what it had answered for, from what the stream still has."""
        known = self._answered()
        positions = Pusher(self._stub, self._frame, self._source, known.token, patience_s=0.0).positions()
        if not known.token and not self._begins and any(each.newest for each in positions.values()):
            rule = "no hay estado en --state y el servidor ya tiene cambios de esta fuente: recupere el archivo"
            raise SourceFailed(f"{rule}, o siga con --from después de leer docs/feed.md (Two histories)", passes=False)
        lost = begin_at(known.numbers, self._begins, positions)
        self._numbers.forget_above({name: first - 1 for name, (first, _) in lost.items()})  # given, and never answered
        for place in self._skipped:
            known.unread.pop(str(place), None)
        self._settle(positions)
        write_issued(self._state_file, known)
        for name, position in positions.items():
            last = known.numbers.get(name, 0)
            lacking = {number for run in position.missing for number in range(run.first, min(run.last, last) + 1)}
            lacking.update(range(position.newest + 1, last + 1))
            if lacking:
                self._send_again(name, lacking)
        self._compared = True

    def _send_again(self, register: str, lacking: set[int]) -> None:
        """Sends what has these numbers; where that is refused again, what holds for its record now."""
        wanted = self._numbers.parts_of(register, lacking)
        found: dict[int, FileChange] = {}
        newest: dict[str, FileChange] = {}
        for message in self._stood(min(part.place for part in wanted) - 1) if wanted else ():
            for part, change in enumerate(self._changes(message)[0]):
                number = wanted.get(Part(message.place, part, change.register_id))
                sent = FileChange(message.place, change)
                if number is not None:
                    change.sequence = number
                    found[number] = sent
                newest[record_of(change)] = sent
        if found:
            self._told(f"al servidor le faltan {len(found)} cambios de {register} que el stream tiene: van de nuevo")
            tally = self._push(found[number] for number in sorted(found))
            again = {each.sequence for each in tally.refused if each.register == register} & set(found)
            filling = {number: newest[record_of(found[number].change)] for number in again}
            self._push(
                FileChange(each.line, copy_under(number, each.change))
                for number, each in filling.items()
                if each is not found[number]
            )
        unread = {number for name, number, _ in self._answered().unread.values() if name == register}
        if left := lacking - set(found) - unread:
            self._told(f"al servidor le faltan {len(left)} cambios de {register} que el stream ya no tiene")
        write_issued(self._state_file, self._answered())

    def _stood(self, behind: int) -> Iterator[RawMessage]:
        """Yields what the stream still has of the messages that were read. Raises SourceFailed."""
        last = self._answered().place
        while behind < last:
            found = self._stream.after(behind, MESSAGES, self._wait_s)
            yield from (each for each in found if each.place <= last)
            behind = found[-1].place if found else last


def _told_number(register: str, number: int) -> contract.FeedChange:
    at = Timestamp()
    at.GetCurrentTime()
    return contract.FeedChange(
        kind=contract.FEED_CHANGE_KIND_HEARTBEAT, register_id=register, sequence=number, event_time=at
    )


def _unsettled(place: str, register: str, number: int, why: str) -> str:
    if number:
        return f"mensaje {place} del stream ({register} {number}) no está en el libro de cambios: {why}"
    return f"mensaje {place} del stream no está en el libro de cambios: {why}; corríjalo, o --skip {place}"
