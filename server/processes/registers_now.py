"""The registers as a worker's answers show them, and of several workers together."""

from __future__ import annotations

from collections.abc import Iterable

from core.engine.entry import Engine
from ronda.v1 import register_pb2
from server.calls.listed_registers import listed_registers
from server.processes.messages import RegisterNow

_PREFIX = "REGISTER_STATE_"
_GREYEST_LAST = ("FRESH", "STALE", "MISSING")


def registers_now(engine: Engine | None, clock_ms: int) -> dict[str, RegisterNow]:
    """State and as-of by register id, of the moment `clock_ms`; empty where nothing can be answered."""
    listed = listed_registers(engine, clock_ms)
    return {register.status.register_id: _now(register.status) for register in listed}


def _now(status: register_pb2.RegisterStatus) -> RegisterNow:
    state = register_pb2.RegisterState.Name(status.state).removeprefix(_PREFIX)
    as_of_s = status.as_of.ToMilliseconds() / 1000 if status.HasField("as_of") else None
    return RegisterNow.model_validate({"state": state, "as_of_s": as_of_s})


def of_all(reports: Iterable[dict[str, RegisterNow]]) -> dict[str, RegisterNow]:
    """The greyest state and the oldest as-of that any worker shows."""
    merged: dict[str, RegisterNow] = {}
    for registers in reports:
        for name, register in registers.items():
            before = merged.get(name, register)
            ages = [each.as_of_s for each in (before, register) if each.as_of_s is not None]
            merged[name] = RegisterNow(
                state=max(before.state, register.state, key=_GREYEST_LAST.index), as_of_s=min(ages, default=None)
            )
    return merged
