"""Questions to a child process over its Unix socket, one line of JSON each way: asked, tried again while the child
starts, and answered.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, ClassVar

import orjson

from server.logs import ERROR, INFO, WARNING, log

_LOOK_S = 0.2
_LINES = 16  # questions of one process under way at once

_Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Away(Exception):
    """The process did not answer in time."""


class SocketLine:
    """Some connections, one question at a time on each: who waits for one that is away holds up nobody else. Lives in
    the event loop's thread.
    """

    leaving: ClassVar[bool] = False
    """True while this process leaves: a missing child then belongs to another server, and is not started here."""

    def __init__(self, socket: Path, child: str, *, start_s: float, answer_s: float, line_bytes: int) -> None:
        """child: its name in log lines. start_s: that it may take to begin. answer_s: that one answer may take.
        line_bytes: of an answer.
        """
        self._socket, self._child = socket, child
        self._start_s, self._answer_s, self._line_bytes = start_s, answer_s, line_bytes
        self._is_away = False
        self._places = asyncio.Semaphore(_LINES)
        self._free: list[_Line] = []

    async def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """The answer. A question may be asked twice: it must be one that a second time does not harm. Raises Away."""
        packed = orjson.dumps(question) + b"\n"
        until = time.monotonic() + self._start_s
        async with self._places:
            while True:
                line: _Line | None = self._free.pop() if self._free else None
                try:
                    if line is None:
                        line = await asyncio.open_unix_connection(self._socket, limit=self._line_bytes)
                    answer = await self._ask_once(line, packed)
                except (OSError, TimeoutError, ValueError) as error:
                    _close(line)
                    while self._free:  # opened to the same process, which is gone or stands still
                        _close(self._free.pop())
                    if self.leaving or time.monotonic() > until:
                        self._say(True, error)
                        raise Away from error
                    await asyncio.sleep(_LOOK_S)
                except BaseException:  # cancelled: an answer may be on its way, and is nobody else's
                    _close(line)
                    raise
                else:
                    self._free.append(line)
                    self._say(False)
                    return answer

    def _say(self, away: bool, error: BaseException | None = None) -> None:
        """Logs a change, once: a loss as a warning, a return as information.

        The parent of the process logs why it ended; an old server that is being replaced has no child any more.
        """
        if away and not self._is_away:
            log("child_does_not_answer", level=WARNING, child=self._child, error=error)
        elif self._is_away and not away:
            log("child_answers_again", level=INFO, child=self._child)
        self._is_away = away

    async def _ask_once(self, line: _Line, packed: bytes) -> dict[str, Any]:
        reader, writer = line
        async with asyncio.timeout(self._answer_s):
            writer.write(packed)
            await writer.drain()
            text = await reader.readline()
        if not text.endswith(b"\n"):
            raise ConnectionResetError
        found: dict[str, Any] = orjson.loads(text)
        return found


def _close(line: _Line | None) -> None:
    if line is not None:
        line[1].close()


async def answer_lines(
    socket: Path, answered: Callable[[dict[str, Any]], Awaitable[dict[str, Any]]], *, line_bytes: int, broken: str
) -> asyncio.Server:
    """Returns a server that answers on `socket` until it is closed.

    broken: log event for a connection that broke or sent an invalid line. A connection still open when the process ends
    is no error.
    """
    socket.unlink(missing_ok=True)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write(orjson.dumps(await answered(orjson.loads(line))) + b"\n")
                await writer.drain()
        except asyncio.CancelledError:
            return
        except (ConnectionError, ValueError, KeyError, TypeError) as error:
            log(broken, level=ERROR, error=error)
        finally:
            writer.close()

    return await asyncio.start_unix_server(serve, socket, limit=line_bytes)
