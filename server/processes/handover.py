"""A server takes another's place without a gap: the old one starts it beside itself, and leaves once it is ready.

The old server starts the command that started it. So the release that /opt/ronda now leads to begins, with the present
settings. Both answer on one address until the old one's connections are gone. The old one ends the work that only one
process may do (write the ledger, sign the audit log, serve the metrics) before the new one begins it. They speak over a
pair of sockets: the old one's `Estate` as a line, `_READY` back, then its end, which says "yours". docs/operations.md,
"Restart without a gap".
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from server.logs import ERROR, log
from server.settings import SettingsError

_HEIR = "TAKES_OVER_FROM"  # variable: the new one's end, a descriptor. Those that begin with RONDA_ are settings
_READY = b"ready\n"
_READY_S = 180.0  # a large generation's checksums, read from a cold disk; then the old one serves on


class Estate(BaseModel):
    """The state that the old server leaves. Another release reads it and ignores unknown fields."""

    model_config = ConfigDict(frozen=True)

    pid: int = 0  # 0 = of a release that did not state it
    numbers: list[int] = []  # of its workers: each writes an audit log of its own until it has ended
    generation: str = ""  # that it serves
    clock_reference_ms: int | None = None  # only a restart is the operator's word that the time is right
    lane_ticket_secret: str = ""  # hexadecimal; devices resume their sessions with it
    ports: dict[str, int] = {}  # setting and address (`PortGuard.name`) -> descriptor of the socket that holds it


class Predecessor:
    """The server that this one replaces; none after a usual start."""

    def __init__(self, line: socket.socket | None, estate: Estate) -> None:
        self.estate = estate
        self._line = line

    @staticmethod
    def is_told_of() -> bool:
        """Returns whether this process was started to take a server's place. Asked before `of_this_process`."""
        return _HEIR in os.environ

    @classmethod
    def of_this_process(cls) -> Predecessor:
        """Returns who started this process to take its place. Raises SettingsError where its word cannot be read."""
        descriptor = os.environ.pop(_HEIR, "")
        if not descriptor:
            return cls(None, Estate())
        try:
            line = socket.socket(fileno=int(descriptor))
            line.set_inheritable(False)
            with line.makefile("rb") as told:
                estate = Estate.model_validate_json(told.readline())
            return cls(line, estate if estate.pid else estate.model_copy(update={"pid": os.getppid()}))
        except (OSError, ValueError) as error:
            raise SettingsError(f"{_HEIR}: what the server before says cannot be read: {error}") from None

    @property
    def is_there(self) -> bool:
        """Returns whether it runs yet: its workers write their last records."""
        return self.estate.pid != 0 and os.getppid() == self.estate.pid

    async def leaves(self) -> None:
        """Tells it that this server is ready, and waits for its word, or its end, that everything is this one's."""
        if self._line is None:
            return
        line, self._line = self._line, None
        loop = asyncio.get_running_loop()
        line.setblocking(False)
        with line:
            try:
                await loop.sock_sendall(line, _READY)
                await loop.sock_recv(line, 1)
            except ConnectionError:
                return


class Successor:
    """The server that is to take this one's place, a process that this one starts."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate
        self._line, self._theirs = socket.socketpair()
        # None of asyncio's: with its loop that would end it, and this one's loop ends first.
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Its process id; 0 before the start."""
        return self._process.pid if self._process is not None else 0

    async def is_ready(self) -> bool:
        """Starts it; returns True once each of its workers is ready, and False, logged, where it is not to be had."""
        loop = asyncio.get_running_loop()
        try:
            # before it is started: this server may be killed the moment after
            self._line.sendall(self._estate.model_dump_json().encode() + b"\n")
            self._line.setblocking(False)
            with self._theirs:
                kept = (self._theirs.fileno(), *self._estate.ports.values())
                self._process = subprocess.Popen(
                    _command(),
                    stdin=subprocess.DEVNULL,
                    env={**os.environ, _HEIR: str(self._theirs.fileno())},
                    pass_fds=kept,
                    start_new_session=True,
                )
            told = b""
            with contextlib.suppress(ConnectionError):  # it ended
                async with asyncio.timeout(_READY_S):
                    told = await loop.sock_recv(self._line, len(_READY))
            if told == _READY:
                return True
            why = f"it ended with status {await asyncio.to_thread(self._process.wait)}"
        except TimeoutError:
            why = f"not ready after {_READY_S:.0f} s"
        except OSError as error:
            why = str(error)
        log("successor_failed", level=ERROR, why=why)
        self.end()
        return False

    def take_over(self) -> None:
        """Says that everything is its own now."""
        self._line.close()

    def end(self) -> None:
        """Ends one that is not to take over."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
        self._line.close()


def _command() -> list[str]:
    """The words that started this process: a program by its path, which may lead to another release by now."""
    program = Path(sys.argv[0])
    if program.is_absolute() and program.suffix != ".py" and os.access(program, os.X_OK):
        return [str(program), *sys.argv[1:]]
    return [sys.executable, *sys.orig_argv[1:]]
