"""Changes sent on and on: what is there now, then what comes, with a heartbeat while nothing does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from clients.feed.changes import ChangesUnreadable, FileChange, read_changes
from clients.feed.folder import DropFolder, Passed, Read
from clients.feed.issued import (
    HistoriesDiffer,
    Issued,
    SourceFailed,
    begin_at,
    read_issued,
    server_ahead,
    write_issued,
)
from clients.feed.pushing import Pusher, Tally, numbered
from clients.feed.refused_list import RefusedList
from clients.feed.resume_file import read_resume, write_resume
from clients.feed.retrying import Notices, Say
from clients.spanish.system_errors import system_error_text
from ronda.v1 import context_pb2, error_pb2
from ronda.v1 import feed_service_pb2 as contract

_SHOWN = 20  # of what is unsettled

Frame = Callable[[], context_pb2.RequestContext]


def send_file(
    stub: Any,
    frame: Frame,
    file: Path,
    source: str,
    patience_s: float,
    shown: Callable[[Iterator[FileChange]], Iterable[FileChange]] = lambda changes: changes,
    read: Read = read_changes,
    issued: Issued | None = None,
    again: bool = False,
    unsettled: bool = False,
) -> Tally:
    """Sends a file of changes, from where an earlier run was.

    issued: what the source has numbered so far, which learns of what is answered; None = nobody keeps it.
    again: as changes that happen anew, under new numbers, whatever was sent before; the file must not state numbers.
    unsettled: the source holds something that is in no ledger.
    Raises ChangesUnreadable, CallFailure, HistoriesDiffer, OSError.
    """
    known = issued if issued is not None else Issued()
    first = next(read(file), None)
    if again and first is not None and first.change.sequence:
        raise ChangesUnreadable(first.line, "sequence: con --again el archivo no lleva números propios")
    resume = read_resume(file, source, forget=again)

    def keep(tally: Tally) -> None:
        if tally.token != resume.token:
            resume.token = tally.token
            write_resume(file, resume)

    def reached(sent: FileChange, outcome: contract.FeedOutcome) -> None:
        is_change = sent.change.kind != contract.FEED_CHANGE_KIND_HEARTBEAT
        if is_change and outcome.reason != error_pb2.ERROR_REASON_FEED_GAP_TOO_WIDE:
            known.reach(sent.change.register_id, sent.change.sequence)

    token = resume.token or known.token
    pusher = Pusher(
        stub,
        frame,
        source,
        token,
        patience_s=patience_s,
        unsettled=unsettled,
        on_answer=keep,
        on_outcome=reached,
    )
    changes = read(file)
    if first is not None and not first.change.sequence and first.change.kind != contract.FEED_CHANGE_KIND_HEARTBEAT:
        positions = pusher.positions()
        if issued is not None:  # a file that has its numbers already gives out no others
            _hold_against(issued, positions, resume.numbers)
        following = {name: max(position.newest, known.numbers.get(name, 0)) + 1 for name, position in positions.items()}
        resume.numbers = {**following, **resume.numbers}
        write_resume(file, resume)
        changes = numbered(changes, resume.numbers)
    tally = pusher.push(shown(changes))
    known.token = tally.token
    return tally


def _hold_against(issued: Issued, positions: Mapping[str, Any], numbered_before: Mapping[str, int]) -> None:
    """Raises HistoriesDiffer where the server has changes of the source that the source does not know of.

    A file that was sent since the copy may lie there again without its numbers: as new it would undo what came later.
    """
    for name, position in positions.items():
        last = issued.numbers.get(name, 0)
        if name not in numbered_before and position.newest > last:
            raise HistoriesDiffer(server_ahead(name, position.newest, last))


class Heartbeats:
    """Tells the server each so many seconds that nothing came, and up to which number the source has issued."""

    def __init__(
        self,
        stub: Any,
        frame: Frame,
        source: str,
        every_s: float,
        issued: Callable[[], Mapping[str, int] | None],
        say: Say,
        seen: Callable[[Mapping[str, Any]], None] = lambda _positions: None,
        unsettled: Callable[[], Sequence[str]] = lambda: (),
    ) -> None:
        """issued: register -> last number of the source's own; None = something waits or is unanswered: no heartbeat
        would be true. Of a register that it does not know none was issued.
        unsettled: what was received and is in no ledger; while there is any no heartbeat would be true, and say hears
        of it instead. seen: hears how far the server is.
        """
        self._pusher = Pusher(stub, frame, source, patience_s=0.0)
        self._every_s, self._due, self._issued, self._seen = every_s, 0.0, issued, seen
        self._say, self._unsettled = say, unsettled
        self._refusals = Notices(say)  # what the server says of the beats themselves: a clock that is wrong, say

    def beat(self) -> None:
        """Sends one for each register of the source, when it is time. Raises CallFailure, SourceFailed."""
        if not self._every_s or time.monotonic() < self._due:
            return
        numbers = self._issued()
        if numbers is None:
            return
        if unsettled := self._unsettled():
            for line in unsettled[:_SHOWN]:
                self._say(line)
            if len(unsettled) > _SHOWN:
                self._say(f"y {len(unsettled) - _SHOWN} más que no están en el libro de cambios")
            self._seen(self._pusher.positions())
        else:
            self._send(numbers)
        self._due = time.monotonic() + self._every_s

    def _send(self, numbers: Mapping[str, int]) -> None:
        at = Timestamp()
        at.GetCurrentTime()
        beats = [
            contract.FeedChange(
                kind=contract.FEED_CHANGE_KIND_HEARTBEAT,
                register_id=name,
                sequence=numbers.get(name, 0),
                event_time=at,
            )
            for name in self._pusher.positions()
        ]
        already = len(self._pusher.tally.refused)
        positions = self._pusher.push([FileChange(0, each) for each in beats]).positions
        why = []
        for refused in self._pusher.tally.refused[already:]:
            newest = positions[refused.register].newest
            if newest > refused.sequence:
                self._say(server_ahead(refused.register, newest, refused.sequence))
            else:
                why.append(f"{refused.register}: el servidor no acepta la señal de vida ({refused.reason})")
        if why:
            self._refusals.tell("; ".join(why))
        else:
            self._refusals.forget()
        self._pusher.tally.refused.clear()
        self._seen(positions)


class FolderWork:
    """Sends what lies in a drop directory."""

    def __init__(
        self,
        folder: DropFolder,
        stub: Any,
        frame: Frame,
        source: str,
        patience_s: float,
        read: Read = read_changes,
        begins: Mapping[str, int] | None = None,
    ) -> None:
        """begins: register -> number at which it goes on (`begin_at`)."""
        self._folder, self._stub, self._frame = folder, stub, frame
        self._source, self._patience_s, self._read = source, patience_s, read
        self._begins = dict(begins or {})
        self._refusals = RefusedList(folder.refused_file)

    def seen(self, positions: Mapping[str, Any]) -> None:
        """Takes the server's positions. Raises SourceFailed, OSError."""
        self._refusals.note((), positions)

    def issued(self) -> Mapping[str, int] | None:
        """Returns the last number of each register; None while a file waits. Raises SourceFailed, OSError."""
        return None if self._folder.waiting() else self._known().numbers

    def unsettled(self) -> list[str]:
        """Returns what lies there and is in no ledger. Raises SourceFailed."""
        try:
            return self._folder.unsettled()
        except OSError as error:
            raise SourceFailed(f"no se puede usar la carpeta ({system_error_text(error)})", passes=True) from None

    def _begin(self) -> None:
        """Raises CallFailure, SourceFailed, OSError."""
        known = self._known()
        positions = Pusher(self._stub, self._frame, self._source, known.token, patience_s=0.0).positions()
        if begin_at(known.numbers, self._begins, positions):
            write_issued(self._folder.issued_file, known)
        self._begins.clear()

    def _known(self) -> Issued:
        return read_issued(self._folder.issued_file) or Issued()

    def _send(self, file: Path) -> Tally:
        known = self._known()
        unsettled = bool(self._folder.unsettled())
        read = self._without_heartbeats if unsettled else self._read
        stub, frame, source = self._stub, self._frame, self._source
        try:
            tally = send_file(stub, frame, file, source, self._patience_s, read=read, issued=known, unsettled=unsettled)
            self._refusals.note(tally.refused, tally.positions)
            return tally
        except HistoriesDiffer as differ:
            raise HistoriesDiffer(f"{file.name}: {differ.rule}", differ.line) from None
        finally:
            write_issued(self._folder.issued_file, known)

    def _without_heartbeats(self, file: Path) -> Iterator[FileChange]:
        """Reads a file while something is unsettled: a heartbeat in it would call the source complete."""
        for each in self._read(file):
            if each.change.kind != contract.FEED_CHANGE_KIND_HEARTBEAT:
                yield each

    def step(self, told: Callable[[Passed], None]) -> bool:
        """Sends every file that is there; returns whether there was one. Raises CallFailure, SourceFailed."""
        name = ""
        try:
            if self._begins:
                self._begin()
            for stranger, why in self._folder.strangers():
                told(Passed(stranger, Tally(), f"se queda, {why}"))
            name, files = "", self._folder.waiting()
            for file in files:  # in their order: one that cannot be read now holds the next ones up
                name = file.name
                told(self._folder.take(file, self._send))
        except OSError as error:
            raise SourceFailed(
                f"no se puede usar {name or 'la carpeta'} ({system_error_text(error)})", passes=True
            ) from None
        return bool(files)
