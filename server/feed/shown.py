"""Returns how this worker's answers show the fed registers, and the reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from core.generation.view_file import FedRegister
from ronda.v1.register_pb2 import RegisterState
from ronda.v1.register_service_pb2 import Register
from server.calls.generations import GenerationKeeper
from server.calls.listed_registers import listed_registers


class Shown(NamedTuple):
    """One register."""

    state: RegisterState
    reasons: tuple[str, ...] = ()  # FeedPosition.shown_reason
    stated: FedRegister | None = None  # what its live view says; None = none does

    @property
    def unread(self) -> Mapping[str, int]:
        """Returns how many of its changes could not be applied, by rule."""
        return self.stated.refused if self.stated is not None else {}

    @property
    def naming_nothing(self) -> int:
        """Returns how many of its cancellations named no record."""
        return self.stated.naming_nothing if self.stated is not None else 0


ABSENT = Shown(RegisterState.REGISTER_STATE_MISSING, ("ABSENT",))


def shown_registers(keeper: GenerationKeeper, clock_ms: int) -> dict[str, Shown]:
    """Returns every register that answers show at that moment, by its id; what is not among them is ABSENT."""
    live = keeper.live
    causes, stated = (live.causes, live.registers) if live is not None else ({}, {})
    found = {}
    for register in listed_registers(keeper.engine, clock_ms):
        status = register.status
        name, fresh = status.register_id, status.state == RegisterState.REGISTER_STATE_FRESH
        reasons = () if fresh else causes.get(name) or (_reason(register, clock_ms),)
        found[name] = Shown(status.state, reasons, stated.get(name))
    return found


def _reason(register: Register, clock_ms: int) -> str:
    """Returns why a register is not FRESH for a reason other than its feed."""
    status = register.status
    if status.state == RegisterState.REGISTER_STATE_MISSING:
        return ABSENT.reasons[0]
    if status.carried_forward:
        return "EXTRACT"
    age_ms = clock_ms - status.as_of.ToMilliseconds()
    if age_ms > register.stale_after_seconds * 1000:
        return "AGE"
    return "AHEAD" if age_ms < 0 else "CLOCK"
