"""The numbers that a source gave out itself, kept in a file: a server that lost changes cannot state them.

A heartbeat states these numbers. A server with a ledger behind them (a restored copy) finds out that it lacks changes,
and its registers are STALE until they are sent again. The resume token holds the digest of the changes that it had.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from clients.feed.kept_file import read_whole, write_whole

_FIRST_PATIENCE_S, _LONGEST_PATIENCE_S = 30.0, 3600.0  # with numbers that the server lacks, before they are sent again
_RUNS_TOLD = 100  # runs of missing numbers that a server names at once


class SourceFailed(Exception):
    """Raised where the place that changes come from cannot be read, or not be trusted."""

    def __init__(self, rule: str, *, passes: bool) -> None:
        """rule: in Spanish, without values. passes: another try may succeed."""
        super().__init__(rule)
        self.rule, self.passes = rule, passes


class HistoriesDiffer(SourceFailed):
    """The server has another change under a number: the source was restored, or two programs send.

    The change is no refused row. The sender stops before it gives out another number.
    """

    def __init__(self, rule: str, line: int = 0) -> None:
        """line: of the change, as its FileChange has it."""
        super().__init__(rule, passes=False)
        self.line = line


def other_content(register: str, number: int, following: int, line: int = 0) -> HistoriesDiffer:
    """Returns the failure of a number that the server has with another content. following: its next free number."""
    return HistoriesDiffer(
        f"{register} {number}: el servidor ya tiene ese número con otro contenido, y no se envía nada más: la fuente o "
        f"su estado se repusieron de una copia vieja, u otro programa envía por ella. Después de leer docs/feed.md "
        f"(Two histories), numere desde el {following}: un programa con --from {register}={following}, un archivo en "
        f"su sequence",
        line,
    )


def server_ahead(register: str, newest: int, issued: int) -> str:
    """Returns the message for a source that knows fewer changes than the server has from it."""
    return (
        f"{register}: el servidor ya tiene el número {newest} y esta fuente solo sabe haber dado el {issued}: se "
        f"repuso de una copia vieja, u otro programa envía por ella. Después de leer docs/feed.md (Two histories): "
        f"--from {register}={newest + 1}"
    )


def stream_went_back(stream: str) -> HistoriesDiffer:
    """Returns the message for a stream that was made anew, or restored, since it was read last."""
    return HistoriesDiffer(
        f"el stream {stream} no es el que se leyó, o se repuso de una copia: lo que se publicó entre tanto puede "
        f"faltar, y no se envía nada más. Lea docs/feed.md (Two histories), publique lo que falte: --new-stream"
    )


@dataclass
class Issued:
    """Holds the numbers of one source. Written after the server's answer: a crash repeats changes and skips none."""

    numbers: dict[str, int] = field(default_factory=dict)  # register -> the last number that was answered
    token: str = ""  # resume token
    unread: dict[str, list[Any]] = field(default_factory=dict)  # place in a stream -> register, number, why
    aside: list[int] = field(default_factory=list)  # places in a stream that are settled without being sent
    stream: str = ""  # when the stream was made: another of the same name has other places
    place: int = 0  # the last one in it that was read and settled, or that was gone before this program began
    gone: list[list[int]] = field(default_factory=list)  # runs of places that went before they were read
    refused: dict[str, list[int]] = field(default_factory=dict)  # numbers that are missing, by outbox_work.record_of

    def reach(self, register: str, number: int) -> None:
        """Notes that the server answered a change with this number."""
        self.numbers[register] = max(number, self.numbers.get(register, 0))


def begin_at(
    numbers: dict[str, int], begins: Mapping[str, int], positions: Mapping[str, Any]
) -> dict[str, tuple[int, int]]:
    """Goes on behind the numbers that the server has (`--from`); returns the runs that no change of the source gets.

    A register that is there already stays as it is. Raises SourceFailed for another number than the server's next one.
    """
    lost = {}
    for register, first in begins.items():
        last = numbers.get(register, 0)
        if last >= first - 1:
            continue
        if register not in positions:
            raise SourceFailed(f"--from: esta fuente no tiene el registro {register}", passes=False)
        following = positions[register].newest + 1
        if first != following:
            rule = f"--from {register}={first}: el servidor tiene hasta el {following - 1}"
            raise SourceFailed(f"{rule}: --from {register}={following}", passes=False)
        numbers[register] = first - 1
        lost[register] = (last + 1, first - 1)
    return lost


def is_lacking(position: Any, number: int) -> bool:
    """Returns whether a number may be missing at the server, by a position that names its first gaps."""
    runs = position.missing
    if number > position.newest or (len(runs) >= _RUNS_TOLD and number > runs[-1].last):
        return True
    return any(run.first <= number <= run.last for run in runs)


class ServerPlace:
    """Watches how far the server is, to notice when another ledger took the place of the one before."""

    def __init__(self) -> None:
        self._through: dict[str, int] = {}
        self._patience_s, self._due = _FIRST_PATIENCE_S, 0.0  # 0 = the server lacks nothing

    def calls_for_comparison(self, positions: Mapping[str, Any], numbers: Mapping[str, int]) -> bool:
        """Notes the server's positions by register; returns whether what it has must be held against what was sent.

        It must where a register went back, and at growing intervals while numbers are missing.
        """
        back = any(position.through < self._through.get(name, 0) for name, position in positions.items())
        self._through |= {name: position.through for name, position in positions.items()}
        if all(position.through >= numbers.get(name, 0) for name, position in positions.items()):
            self._patience_s, self._due = _FIRST_PATIENCE_S, 0.0
            return back
        now = time.monotonic()
        if not self._due:
            self._due = now + self._patience_s
        elif now >= self._due:
            self._patience_s = min(2 * self._patience_s, _LONGEST_PATIENCE_S)
            self._due = now + self._patience_s
            return True
        return back


def read_issued(path: Path) -> Issued | None:
    """Reads the file; None where there is none. Raises SourceFailed for a file that is no state, OSError."""
    try:
        found = json.loads(read_whole(path))
        issued = Issued(numbers={str(name): int(number) for name, number in found["numbers"].items()})
        issued.token = str(found["token"])
        issued.unread = {str(place): list(what) for place, what in found.get("unread", {}).items()}
        issued.aside = [int(place) for place in found.get("aside", [])]
        issued.gone = [[int(first), int(last)] for first, last in found.get("gone", [])]
        issued.refused = {str(name): list(map(int, numbers)) for name, numbers in found.get("refused", {}).items()}
        issued.stream, issued.place = str(found.get("stream", "")), int(found.get("place", 0))
        return issued
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise SourceFailed(f"{path.name} no es un estado de envío: recupérelo de una copia", passes=False) from None


def write_issued(path: Path, issued: Issued) -> None:
    """Replaces the file, whole and on disk. Raises OSError."""
    write_whole(path, asdict(issued))
