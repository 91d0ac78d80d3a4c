"""The registers as a worker's answers show them, by one question to its own engine."""

from __future__ import annotations

from core.access.grant import Grant
from core.engine.entry import Engine, Method
from core.errors import CoreError
from ronda.v1.register_service_pb2 import ListRegistersResponse, Register


def listed_registers(engine: Engine | None, clock_ms: int) -> list[Register]:
    """Returns the registers as a caller with full rights sees them at that moment; [] if no answer is possible."""
    if engine is None:
        return []
    try:
        answer = engine.answer(Method.LIST_REGISTERS, b"", Grant.everything(), clock_ms)
    except CoreError:
        return []
    return list(ListRegistersResponse.FromString(answer).registers)
