"""Changes sent on and on: what is there now, then what comes, with a heartbeat while nothing does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from clients.client.failures import CallFailure
from clients.feed.changes import FileChange, read_changes
from clients.feed.folder import SUFFIXES, DropFolder, Passed, Read
from clients.feed.issued import Issued, SourceFailed, read_issued, write_issued
from clients.feed.pushing import Pusher, Tally, numbered
from clients.feed.resume_file import read_resume, write_resume
from ronda.v1 import context_pb2
from ronda.v1 import feed_service_pb2 as contract

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0

Frame = Callable[[], context_pb2.RequestContext]
Say = Callable[[str], None]
"""Tells a person, in Spanish, a line that holds no value of a row."""


def send_file(
    stub: Any,
    frame: Frame,
    file: Path,
    source: str,
    patience_s: float,
    shown: Callable[[Iterator[FileChange]], Iterable[FileChange]] = lambda changes: changes,
    read: Read = read_changes,
    issued: Issued | None = None,
) -> Tally:
    """Sends a file of changes, from where an earlier run was. Raises ChangesUnreadable, CallFailure, OSError.

    issued: what the source has numbered so far, which learns of what is answered; None = nobody keeps it.
    """
    known = issued if issued is not None else Issued()
    first = next(read(file), None)
    resume = read_resume(file, source)

    def keep(tally: Tally) -> None:
        if tally.token != resume.token:
            resume.token = tally.token
            write_resume(file, resume)

    def reached(sent: FileChange, _outcome: contract.FeedOutcome) -> None:
        if sent.change.kind != contract.FEED_CHANGE_KIND_HEARTBEAT:
            known.reach(sent.change.register_id, sent.change.sequence)

    token = resume.token or known.token
    pusher = Pusher(stub, frame, source, token, patience_s=patience_s, on_answer=keep, on_outcome=reached)
    changes = read(file)
    if first is not None and not first.change.sequence and first.change.kind != contract.FEED_CHANGE_KIND_HEARTBEAT:
        following = {
            name: max(position.newest, known.numbers.get(name, 0)) + 1 for name, position in pusher.positions().items()
        }
        resume.numbers = {**following, **resume.numbers}
        write_resume(file, resume)
        changes = numbered(changes, resume.numbers)
    tally = pusher.push(shown(changes))
    known.token = tally.token
    return tally


class Heartbeats:
    """Tells the server each so many seconds that nothing came, and up to which number the source has issued."""

    def __init__(
        self,
        stub: Any,
        frame: Frame,
        source: str,
        every_s: float,
        issued: Callable[[], Mapping[str, int] | None],
        seen: Callable[[Mapping[str, Any]], None] = lambda _positions: None,
    ) -> None:
        """issued: register -> last number of the source's own; None = something is waiting or unanswered: no heartbeat
        would be true. Of a register that it does not know the server's own number is told.
        seen: hears how far the server is.
        """
        self._pusher = Pusher(stub, frame, source, patience_s=0.0)
        self._every_s, self._due, self._issued, self._seen = every_s, 0.0, issued, seen

    def beat(self) -> None:
        """One for each register of the source, when it is time. Raises CallFailure, SourceFailed."""
        if not self._every_s or time.monotonic() < self._due:
            return
        numbers = self._issued()
        if numbers is None:
            return
        at = Timestamp()
        at.GetCurrentTime()
        beats = [
            contract.FeedChange(
                kind=contract.FEED_CHANGE_KIND_HEARTBEAT,
                register_id=name,
                sequence=numbers.get(name, position.newest),
                event_time=at,
            )
            for name, position in self._pusher.positions().items()
        ]
        self._seen(self._pusher.push([FileChange(0, each) for each in beats]).positions)
        self._due = time.monotonic() + self._every_s


class FolderWork:
    """Sends what lies in a drop directory."""

    def __init__(
        self, folder: DropFolder, stub: Any, frame: Frame, source: str, patience_s: float, read: Read = read_changes
    ) -> None:
        self._folder, self._stub, self._frame = folder, stub, frame
        self._source, self._patience_s, self._read = source, patience_s, read

    def issued(self) -> Mapping[str, int] | None:
        """Returns the last number of each register; None while a file waits. Raises SourceFailed, OSError."""
        return None if self._folder.waiting() else self._known().numbers

    def _known(self) -> Issued:
        return read_issued(self._folder.issued_file) or Issued()

    def _send(self, file: Path) -> Tally:
        known = self._known()
        try:
            return send_file(
                self._stub, self._frame, file, self._source, self._patience_s, read=self._read, issued=known
            )
        finally:
            write_issued(self._folder.issued_file, known)

    def step(self, told: Callable[[Passed], None]) -> bool:
        """Every file that is there; whether there was one. Raises CallFailure, SourceFailed."""
        name = ""
        try:
            for name in self._folder.strangers():
                told(Passed(name, Tally(), f"se queda: solo se toma lo que termina en {', '.join(SUFFIXES)}"))
            name, files = "", self._folder.waiting()
            for file in files:  # in their order: one that cannot be read now holds the next ones up
                name = file.name
                told(self._folder.take(file, self._send))
        except OSError as error:
            raise SourceFailed(f"no se puede usar {name or 'la carpeta'} ({error.strerror})", passes=True) from None
        return bool(files)


def keep_on(step: Callable[[], bool], beats: Heartbeats | None, poll_s: float, say: Say) -> None:
    """Steps for ever; what may pass (a server or database that is away) is told and tried again.

    step: whether it found something. beats: None = none. Raises CallFailure, SourceFailed that does not pass, OSError.
    """
    pause_s = _FIRST_PAUSE_S
    while True:
        try:
            if not step():
                if beats is not None:
                    beats.beat()
                time.sleep(poll_s)
            pause_s = _FIRST_PAUSE_S
        except SourceFailed as failed:
            if not failed.passes:
                raise
            say(f"{failed.rule}; se reintenta en {pause_s:.0f} s")
            time.sleep(pause_s)
        except CallFailure as failure:
            if not failure.retryable and failure.status not in ("UNAVAILABLE", "CANCELLED", "DEADLINE_EXCEEDED"):
                raise
            say(f"el servidor no recibe ({failure.status} {failure.reason}); se reintenta en {pause_s:.0f} s")
            time.sleep(pause_s)
        else:
            continue
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
