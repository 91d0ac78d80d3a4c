"""The dead-letter list: changes that the server refused for good, with the reason, in a file beside the state.

It holds no cell of a row. A number leaves the list once the server no longer misses it: the record came again under it,
or two officers skipped it (`ronda feed skip`).
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from clients.feed.issued import SourceFailed, is_lacking
from clients.feed.kept_file import read_whole, write_whole
from clients.feed.pushing import MISSING_NOWHERE, RefusedChange

SUFFIX = ".refused"
_KEPT = 10_000


@dataclass(frozen=True)
class Refusal:
    """A change that is in no answer. since: Unix seconds of the first refusal."""

    register: str
    sequence: int
    record_id: str
    reason: str  # ErrorReason without prefix
    field: str
    rule: str
    since: int


class RefusedList:
    """One source's. For one process that writes."""

    def __init__(self, path: Path) -> None:
        """path: of the list itself (`list_of`)."""
        self._path = path
        self._known: dict[tuple[str, int], Refusal] | None = None

    def all(self) -> list[Refusal]:
        """Returns all of them, by register and number. Raises SourceFailed, OSError."""
        known = self._read()
        return [known[key] for key in sorted(known)]

    def note(self, refused: Iterable[RefusedChange], positions: Mapping[str, Any]) -> None:
        """Takes what was refused just now, and how far the server is. Raises SourceFailed, OSError."""
        known = self._read()
        before = dict(known)
        now = int(time.time())
        for each in refused:
            if each.reason in MISSING_NOWHERE:  # no number to skip: its program says what settles it
                continue
            key = each.register, each.sequence
            since = known[key].since if key in known else now
            if key in known or len(known) < _KEPT:
                known[key] = Refusal(*key, each.record_id, each.reason, each.field, each.rule, since)
        for register, number in list(known):
            if register in positions and not is_lacking(positions[register], number):
                del known[register, number]
        if known != before:
            write_whole(self._path, {"refused": [asdict(each) for each in known.values()]}, mode=0o600)

    def _read(self) -> dict[tuple[str, int], Refusal]:
        if self._known is None:
            self._known = {(each.register, each.sequence): each for each in read_refused(self._path)}
        return self._known


def list_of(state: Path) -> Path:
    """Returns the list beside a state file, or of a drop directory."""
    return state / f".ronda-{SUFFIX[1:]}" if state.is_dir() else state.with_name(f"{state.name}{SUFFIX}")


def read_refused(path: Path) -> list[Refusal]:
    """Reads a list; none where there is no file. Raises SourceFailed, OSError."""
    try:
        return [Refusal(**each) for each in json.loads(read_whole(path))["refused"]]
    except FileNotFoundError:
        return []
    except (ValueError, TypeError, KeyError, RecursionError):
        raise SourceFailed(
            f"{path.name} no es una lista de rechazados: recupérela de una copia", passes=False
        ) from None
