"""The numbers that a source gave out itself, kept in a file: a server that lost changes can't tell of them.

A heartbeat tells these numbers. A server whose ledger is behind them (a copy that was put back) finds out that it lacks
changes, and its registers are STALE until they are sent again. The resume token holds the digest of what it had.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


class SourceFailed(Exception):
    """Raised where the place that changes come from cannot be read, or not be trusted."""

    def __init__(self, rule: str, *, passes: bool) -> None:
        """rule: in Spanish, without values. passes: another try may succeed."""
        super().__init__(rule)
        self.rule, self.passes = rule, passes


@dataclass
class Issued:
    """Holds the numbers of one source. Written after the server's answer: a crash repeats changes and skips none."""

    numbers: dict[str, int] = field(default_factory=dict)  # register -> the last number that was answered
    token: str = ""  # resume token

    def reach(self, register: str, number: int) -> None:
        """Notes that the server answered a change with this number."""
        self.numbers[register] = max(number, self.numbers.get(register, 0))


class ServerPlace:
    """Watches how far the server is, to notice when another ledger took the place of the one before."""

    def __init__(self) -> None:
        self._through: dict[str, int] = {}

    def went_back(self, positions: Mapping[str, Any]) -> bool:
        """Notes the server's positions by register; returns whether one is less far than before."""
        back = any(position.through < self._through.get(name, 0) for name, position in positions.items())
        self._through = {name: position.through for name, position in positions.items()}
        return back


def read_issued(path: Path) -> Issued | None:
    """Reads the file; None where there is none. Raises SourceFailed for a file that is no state, OSError."""
    try:
        found = json.loads(path.read_bytes())
        issued = Issued(numbers={str(name): int(number) for name, number in found["numbers"].items()})
        issued.token = str(found["token"])
        return issued
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise SourceFailed(f"{path.name} no es un estado de envío: recupérelo de una copia", passes=False) from None


def write_issued(path: Path, issued: Issued) -> None:
    """Replaces the file, whole and on disk. Raises OSError."""
    write_whole(path, asdict(issued))


def write_whole(path: Path, fields: Mapping[str, Any]) -> None:
    """Replaces a file by JSON, whole and on disk; a crash leaves the former one. Raises OSError."""
    draft = path.with_name(f".{path.name}-{os.getpid()}")
    with draft.open("w", encoding="ascii") as file:
        file.write(json.dumps(fields))
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
