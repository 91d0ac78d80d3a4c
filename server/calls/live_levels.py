"""Live changes over a base generation: finds them, opens them, and reports the fed registers (docs/live.md).

The writer (indexer/live) replaces <data>/live/<base>/VIEW. A worker sees a new view within 10 ms, and checks every
`live_poll_ms` whether the writer is well. A view that cannot be opened is refused: the old one keeps answering, and
every fed register is STALE at once. The same holds if a ledger has changes that no process applies. It also holds if
the process that takes changes over is silent: a silent source could then not be noticed.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from core.errors import CoreError
from core.generation.overlay import DeltaGeneration, overlay
from core.generation.store import Generation
from core.generation.view_file import BEAT, LIVE, VIEW, FedRegister, StatedView, read_view
from core.ledger.frames import BEAT as TAKING
from core.ledger.reader import FOLDER, LedgerReader, registers_of
from server.logs import ERROR, WARNING, log

SILENT_S = 5.0  # that a writer may be silent before the registers it feeds are STALE
_RETRY_S = 1.0
_WAITING = "WAITING"  # as FeedPosition.shown_reason has it, like the others
_BEHIND = "cambios en vivo atrasados"


class Place(NamedTuple):
    """Position of a view. Sequences of two ledgers cannot be compared."""

    ledger: str  # "" = nothing was ever fed
    sequence: int


class _Heart:
    """A file that a process touches while it is well."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._beat = (0, 0.0)  # time of the last one (ns), and when it was first seen here, monotonic

    def is_silent(self) -> bool:
        """Returns whether the writer is silent, by the wall clock and by this worker's own.

        The wall clock alone, set back, would show a dead process as alive.
        """
        try:
            beat = self._path.stat().st_mtime_ns
        except OSError:
            return True
        now = time.monotonic()
        if beat != self._beat[0]:
            self._beat = beat, now
        return time.time() - beat / 1e9 > SILENT_S or now - self._beat[1] > SILENT_S


class _Seen(NamedTuple):
    """The state of a view's sources."""

    stamp: tuple[int, int] | None
    silent: bool  # the writer of views
    untaken: bool  # nobody takes changes over
    waiting: bool  # the ledger holds changes that the view does not, and nobody brings them
    well: bool = True


class LiveLevels:
    """The deltas over one base, as this worker has them open. For one thread at a time."""

    def __init__(self, base: Generation, data: Path, fed: Collection[str] = ()) -> None:
        """fed: registers that sources of the settings feed. Those that the ledger has entries of are fed too: settings
        that lost a source do not undo what it said."""
        self._base, self._fed = base, frozenset(fed)
        self._ledger = data / FOLDER
        self._home = data / LIVE
        self._directory = self._home / base.generation_id
        self._open: dict[str, DeltaGeneration] = {}
        self._causes: Mapping[str, tuple[str, ...]] = {}
        self._shown: StatedView | None = None
        self._seen: _Seen | None = None
        self._retry_at = 0.0
        self._writer, self._taker = _Heart(self._directory / BEAT), _Heart(self._ledger / TAKING)

    @property
    def is_fed(self) -> bool:
        """True where anything was ever fed, or may be."""
        return bool(self._fed) or self._ledger.is_dir() or self._home.is_dir()

    @property
    def base_id(self) -> str:
        """Id of the generation below."""
        return str(self._base.generation_id)

    @property
    def place(self) -> Place:
        """Position of the shown view; the beginning if there is none, or it is gone."""
        if self._shown is None or self._stamp() is None:
            return Place("", 0)
        return Place(self._shown.ledger, self._shown.sequence)

    @property
    def deltas(self) -> Mapping[str, DeltaGeneration]:
        """The deltas over the base, by id, oldest first."""
        return self._open

    @property
    def causes(self) -> Mapping[str, tuple[str, ...]]:
        """The reasons why registers are STALE because of the feed, as in FeedPosition.shown_reason, by register id."""
        return self._causes

    @property
    def registers(self) -> Mapping[str, FedRegister]:
        """State of the fed registers in the shown view; empty if there is none, or it is gone."""
        return self._shown.registers if self._shown is not None and self._stamp() is not None else {}

    def look(self) -> Generation | None:
        """The base with what lies over it now; None = as before. Blocks for some milliseconds."""
        silent = self._writer.is_silent()
        now = _Seen(self._stamp(), silent, bool(self._fed) and self._taker.is_silent(), self._is_waiting(silent))
        if self._seen == now or (self._seen == now._replace(well=False) and time.monotonic() < self._retry_at):
            return None
        before, well, damage = self._seen, True, ""
        if now.stamp is not None:
            try:
                self._take(read_view(self._directory))
            except (CoreError, OSError) as error:
                well, damage = False, str(error)
        elif self._shown is not None:
            well, damage = False, f"{VIEW} is gone"
        self._seen, self._retry_at = now._replace(well=well), time.monotonic() + _RETRY_S
        if before == self._seen:
            return None  # still refused
        if not well:
            log("live_view_refused", level=ERROR, generation=self._base.generation_id, why=damage)
        elif now.silent and self._shown is not None and (before is None or not before.silent):
            log("live_writer_silent", level=WARNING, generation=self._base.generation_id)
        elif now.waiting and self._shown is None:
            log("live_changes_wait", level=WARNING, generation=self._base.generation_id)
        if now.untaken and self._shown is not None and (before is None or not before.untaken):
            log("feed_silent", level=WARNING, generation=self._base.generation_id)
        return self._view(self._seen)

    def is_another(self) -> bool:
        """Returns whether a newer view was published than `look` saw last; takes a few microseconds."""
        return self._seen is not None and self._stamp() != self._seen.stamp

    def _stamp(self) -> tuple[int, int] | None:
        try:
            status = (self._directory / VIEW).stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_ino

    def _is_waiting(self, silent: bool) -> bool:
        """Returns whether the ledger has changes beyond the view, perhaps of a register new to the view."""
        if not self.is_fed or (self._shown is not None and not silent):
            return False
        try:
            with LedgerReader(self._ledger) as reader:
                return reader.end > (self._shown.sequence if self._shown is not None else 0)
        except FileNotFoundError:
            return False
        except (CoreError, OSError):
            return True  # whatever is in it

    def _take(self, view: StatedView) -> None:
        """Opens what is new of a view. Raises CoreError, OSError; then what was open stays."""
        found = {
            delta_id: self._open.get(delta_id)
            or DeltaGeneration(self._base, Generation.open(self._directory / delta_id))
            for delta_id in view.deltas
        }
        self._open, self._shown = found, view

    def _view(self, seen: _Seen) -> Generation | None:
        view = self._shown
        if view is None:
            fed = self._fed_elsewhere() | (self._fed_registers() if seen.waiting else set())
            self._causes = dict.fromkeys(fed, (_WAITING,))
            return overlay(self._base, [], 0, {name: _behind({}) for name in fed}) if fed else None
        stated = {entry["id"]: entry for entry in self._base.manifest["registers"]}
        live: dict[str, Mapping[str, Any]] = {}
        unknown = self._fed_registers() - view.registers.keys() if seen.waiting else set()
        live.update((name, _behind({})) for name in unknown if name in stated)
        causes: dict[str, tuple[str, ...]] = dict.fromkeys(unknown, (_WAITING,))
        for name, register in view.registers.items():
            if name not in stated:
                continue
            told: dict[str, Any] = {}
            if stated[name]["state"] == "loaded":
                told["as_of_ms"] = max(stated[name]["as_of_ms"], register.as_of_ms)
            live[name] = told
            if found := self._causes_of(name, register, seen):
                live[name], causes[name] = _behind(told), found
        self._causes = causes
        made_with = f"{view.made_with}.{view.ledger}"
        return overlay(self._base, list(self._open.values()), view.sequence, live, made_with)

    def _causes_of(self, name: str, register: FedRegister, seen: _Seen) -> tuple[str, ...]:
        untaken = seen.untaken and name in self._fed
        found = {"FEED": register.stale, "WRITER": seen.silent, "TAKING": untaken, "VIEW": not seen.well}
        return tuple(cause for cause, holds in found.items() if holds)

    def _fed_registers(self) -> set[str]:
        """Registers of the settings' sources, and of the ledger's entries; every register where it cannot be read."""
        try:
            return registers_of(self._ledger) | self._fed
        except (CoreError, OSError):
            return {entry["id"] for entry in self._base.manifest["registers"]}

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
