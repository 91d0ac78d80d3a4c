"""A call of a method that Python answers, held to the same rules as the engine's own (server/calls/own_methods.py)."""

from typing import NamedTuple

from core.access.caller import Caller
from core.access.grant import Grant

class Entered(NamedTuple):
    """An admitted call. flags: core.audit.reader.Flag, for the record; grant: the rights for the purpose."""

    purpose: int
    case_number: bytes
    request_id: bytes
    flags: int
    grant: Grant

def enter(caller: Caller, method: int, request: bytes, clock_ms: int, counts: bool = True) -> Entered:
    """Reads field 1 of a request, asks the caller's grant, and counts one look-up unless `counts` is False.

    method: its bit in a mask of methods. Raises core.errors.GrantNeeded, QuestionError and LimitExceeded as
    `core.engine.entry.Engine.answer`; no record is written.
    """
