"""Freshness of the fed registers, folded from the ledger's entries in their order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.ledger.change import RECORD_KINDS, Change, Kind


@dataclass
class Lack:
    """The reason why a register is STALE because of one source."""

    reason: str  # GAP, SILENT, RESTORED, with a space between several
    missing: tuple[tuple[int, int], ...]
    since_ms: int  # UTC milliseconds


@dataclass
class FedRegister:
    """One register that is fed. Times are UTC milliseconds, 0 = never."""

    register: str
    event_ms: int = 0  # newest event time of a change in force, as the source says
    change_ms: int = 0  # when the last change was taken over
    heartbeat_ms: int = 0  # when the last sign of life came: a heartbeat or a change
    lacks: dict[str, Lack] = field(default_factory=dict)  # by source

    @property
    def stale(self) -> bool:
        """True if changes of any source may be missing."""
        return bool(self.lacks)


class FedRegisters:
    """All registers that were ever fed."""

    def __init__(self) -> None:
        self._found: dict[str, FedRegister] = {}

    @property
    def found(self) -> Mapping[str, FedRegister]:
        """The registers by id."""
        return self._found

    def add(self, change: Change) -> None:
        """The next entry."""
        register = self._found.get(change.register)
        if register is None:
            register = self._found[change.register] = FedRegister(change.register)
        if change.kind is Kind.STALE:
            register.lacks[change.source] = Lack(change.reason, change.missing, change.taken_ms)
            return
        if change.kind is Kind.FRESH:
            register.lacks.pop(change.source, None)
            return
        register.heartbeat_ms = max(register.heartbeat_ms, change.taken_ms)
        if change.kind in RECORD_KINDS:
            register.event_ms = max(register.event_ms, change.event_ms)
            register.change_ms = max(register.change_ms, change.taken_ms)
