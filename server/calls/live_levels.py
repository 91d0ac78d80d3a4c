"""What lies over a base generation: looked for, opened, and what is said of the fed registers (docs/live.md).

The writer (indexer/live) replaces <data>/live/<base>/VIEW; a worker looks at it every `live_poll_ms`. What cannot be
opened is refused: what answered goes on answering, and every register that is fed is STALE at once.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.errors import CoreError
from core.generation.overlay import DeltaGeneration, overlay
from core.generation.store import Generation
from core.generation.view_file import BEAT, LIVE, VIEW, StatedView, read_view
from server.logs import ERROR, WARNING, log

SILENT_S = 5.0  # that a writer may be silent before the registers it feeds are STALE
_RETRY_S = 1.0
_BEHIND = "cambios en vivo atrasados"


class LiveLevels:
    """The deltas over one base, as this worker has them open. For one thread at a time."""

    def __init__(self, base: Generation, data: Path) -> None:
        self._base = base
        self._home = data / LIVE
        self._directory = self._home / base.generation_id
        self._open: dict[str, DeltaGeneration] = {}
        self._shown: StatedView | None = None
        self._seen: tuple[tuple[int, int] | None, bool, bool] | None = None
        self._retry_at = 0.0
        self._beat = (0, 0.0)  # time of the last one (ns), and when it was first seen here, monotonic

    @property
    def base_id(self) -> str:
        """Id of the generation below."""
        return str(self._base.generation_id)

    @property
    def shown(self) -> bool:
        """Whether a view of the writer's was opened."""
        return self._shown is not None

    def look(self) -> Generation | None:
        """The base with what lies over it now; None = as before. Blocks for some milliseconds."""
        stamp, silent = self._stamp(), self._is_silent()
        if self._seen == (stamp, silent, True) or (
            self._seen == (stamp, silent, False) and time.monotonic() < self._retry_at
        ):
            return None
        before, well, damage = self._seen, True, ""
        if stamp is not None:
            try:
                self._take(read_view(self._directory))
            except (CoreError, OSError) as error:
                well, damage = False, str(error)
        elif self._shown is not None:
            well, damage = False, f"{VIEW} is gone"
        self._seen, self._retry_at = (stamp, silent, well), time.monotonic() + _RETRY_S
        if before == self._seen:
            return None  # still refused
        if not well:
            log("live_view_refused", level=ERROR, generation=self._base.generation_id, why=damage)
        elif silent and self._shown is not None:
            log("live_writer_silent", level=WARNING, generation=self._base.generation_id)
        return self._view(behind=silent or not well or self._shown is None)

    def _stamp(self) -> tuple[int, int] | None:
        try:
            status = (self._directory / VIEW).stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_ino

    def _is_silent(self) -> bool:
        """By the wall clock, and by this worker's own: set back, the former would hold a dead writer for alive."""
        try:
            beat = (self._directory / BEAT).stat().st_mtime_ns
        except OSError:
            return True
        now = time.monotonic()
        if beat != self._beat[0]:
            self._beat = beat, now
        return time.time() - beat / 1e9 > SILENT_S or now - self._beat[1] > SILENT_S

    def _take(self, view: StatedView) -> None:
        """Opens what is new of a view. Raises CoreError, OSError; then what was open stays."""
        found = {
            delta_id: self._open.get(delta_id)
            or DeltaGeneration(self._base, Generation.open(self._directory / delta_id))
            for delta_id in view.deltas
        }
        self._open, self._shown = found, view

    def _view(self, *, behind: bool) -> Generation | None:
        view = self._shown
        if view is None:
            fed = self._fed_elsewhere()
            return overlay(self._base, [], 0, {name: _behind({}) for name in fed}) if fed else None
        stated = {entry["id"]: entry for entry in self._base.manifest["registers"]}
        live: dict[str, Mapping[str, Any]] = {}
        for name, register in view.registers.items():
            if name not in stated:
                continue
            told: dict[str, Any] = {}
            if stated[name]["state"] == "loaded":
                told["as_of_ms"] = max(stated[name]["as_of_ms"], register.as_of_ms)
            live[name] = _behind(told) if behind or register.stale else told
        return overlay(self._base, list(self._open.values()), view.sequence, live)

    def _fed_elsewhere(self) -> set[str]:
        """Registers that are fed over another base: over this one their changes are not there yet."""
        fed: set[str] = set()
        try:
            others = [entry for entry in self._home.iterdir() if entry.is_dir() and not entry.name.startswith(".")]
        except OSError:
            return fed
        for other in others:
            try:
                fed |= set(read_view(other).registers)
            except (CoreError, OSError):
                continue
        return fed


def _behind(told: Mapping[str, Any]) -> dict[str, Any]:
    return {**told, "carried_forward": True, "carried_reason": _BEHIND}
