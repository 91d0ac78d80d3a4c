"""What a source itself has numbered, kept in a file of its own: the server's word alone would hide what it lost.

A heartbeat tells these numbers. A server whose ledger is behind them (a copy that was put back) finds out that it lacks
changes, and its registers are STALE until they are sent again; the resume token holds the digest of what it had.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


class SourceFailed(Exception):
    """Where changes come from cannot be read, or not trusted. `rule` in Spanish, without values; `passes` = worth
    another try.
    """

    def __init__(self, rule: str, *, passes: bool) -> None:
        super().__init__(rule)
        self.rule, self.passes = rule, passes


@dataclass
class Issued:
    """Of one source. Written after the server's answer, so that a crash repeats and never skips."""

    numbers: dict[str, int] = field(default_factory=dict)  # register -> the last number that was answered
    token: str = ""  # resume token

    def reach(self, register: str, number: int) -> None:
        """A change with this number was answered."""
        self.numbers[register] = max(number, self.numbers.get(register, 0))


def read_issued(path: Path) -> Issued | None:
    """Of the file; None where there is none. Raises SourceFailed for a file that is none, OSError."""
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
    """Whole and on disk, or as it was. Raises OSError."""
    write_whole(path, asdict(issued))


def write_whole(path: Path, fields: Mapping[str, Any]) -> None:
    """As JSON, whole and on disk, or as it was. Raises OSError."""
    draft = path.with_name(f".{path.name}-{os.getpid()}")
    with draft.open("w", encoding="ascii") as file:
        file.write(json.dumps(fields))
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
