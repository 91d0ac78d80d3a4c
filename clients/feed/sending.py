"""Changes sent on and on: what is there now, then what comes, with a heartbeat while nothing does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from clients.client.failures import CallFailure
from clients.feed.changes import FileChange, read_changes
from clients.feed.folder import SUFFIXES, DropFolder, Passed, Read
from clients.feed.pushing import Pusher, Tally, numbered
from clients.feed.resume_file import read_resume, write_resume
from clients.feed.told_position import ToldPosition
from ronda.v1 import context_pb2
from ronda.v1 import feed_service_pb2 as contract

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0

Frame = Callable[[], context_pb2.RequestContext]
Say = Callable[[str], None]
"""Tells a person, in Spanish, a line that holds no value of a row."""


class SourceFailed(Exception):
    """Where changes come from cannot be read, or not trusted. `rule` in Spanish, without values; `passes` = worth
    another try.
    """

    def __init__(self, rule: str, *, passes: bool) -> None:
        super().__init__(rule)
        self.rule, self.passes = rule, passes


def send_file(
    stub: Any,
    frame: Frame,
    file: Path,
    source: str,
    patience_s: float,
    shown: Callable[[Iterator[FileChange]], Iterable[FileChange]] = lambda changes: changes,
    read: Read = read_changes,
) -> Tally:
    """Sends a file of changes, from where an earlier run was. Raises ChangesUnreadable, CallFailure, OSError."""
    first = next(read(file), None)
    resume = read_resume(file, source)

    def keep(tally: Tally) -> None:
        if tally.token != resume.token:
            resume.token = tally.token
            write_resume(file, resume)

    pusher = Pusher(stub, frame, source, resume.token, patience_s=patience_s, on_answer=keep)
    changes = read(file)
    if first is not None and not first.change.sequence and first.change.kind != contract.FEED_CHANGE_KIND_HEARTBEAT:
        following = {name: position.newest + 1 for name, position in pusher.positions().items()}
        resume.numbers = {**following, **resume.numbers}
        write_resume(file, resume)
        changes = numbered(changes, resume.numbers)
    return pusher.push(shown(changes))


class Heartbeats:
    """Tells the server each so many seconds that nothing came, and how far it had come by its own word."""

    def __init__(
        self, stub: Any, frame: Frame, source: str, every_s: float, position: ToldPosition | None = None
    ) -> None:
        self._pusher = Pusher(stub, frame, source, patience_s=0.0)
        self._every_s, self._due = every_s, 0.0
        self._position = position or ToldPosition()

    def beat(self) -> None:
        """One for each register of the source, when it is time. Raises CallFailure, OSError."""
        if not self._every_s or time.monotonic() < self._due:
            return
        self._pusher.tally.token = self._position.token
        at = Timestamp()
        at.GetCurrentTime()
        beats = [
            contract.FeedChange(
                kind=contract.FEED_CHANGE_KIND_HEARTBEAT, register_id=name, sequence=position.newest, event_time=at
            )
            for name, position in self._pusher.positions().items()
        ]
        self._position.note(self._pusher.push([FileChange(0, each) for each in beats]).token)
        self._due = time.monotonic() + self._every_s


class FolderWork:
    """Sends what lies in a drop directory."""

    def __init__(
        self, folder: DropFolder, stub: Any, frame: Frame, source: str, patience_s: float, read: Read = read_changes
    ) -> None:
        self._folder, self._send = folder, lambda file: send_file(stub, frame, file, source, patience_s, read=read)

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
