"""The callers of the lane: admitted by the same code as grpcio's callers, then known to the loop."""

from __future__ import annotations

from collections.abc import Callable

from core.access.caller import Caller
from server.lane.parked_call import ParkedCall
from server.trust.callers import Callers, Presented

Admit = Callable[[bytes, bytes, Caller], None]  # certificate (DER), authorization, their caller


class LaneCallers:
    """Callers, each reported to the loop: from the caller's next call on it answers without Python."""

    def __init__(self, callers: Callers, admit: Admit) -> None:
        self._callers = callers
        self._admit = admit

    def of(self, context: Presented) -> Caller:
        """The caller of a call. Raises Refusal."""
        return self._told(context, self._callers.of(context))

    def knows(self, authorization: str) -> bool:
        """Returns whether a caller was admitted with this header."""
        return self._callers.knows(authorization)

    def decide(self, context: Presented, purpose: int) -> Caller:
        """The caller with its purpose decided. Raises Refusal."""
        return self._told(context, self._callers.decide(context, purpose))

    def turned_away(self, context: Presented) -> None:
        """Counts a call that was refused before its caller was identified."""
        self._callers.turned_away(context)

    def _told(self, context: Presented, caller: Caller) -> Caller:
        if isinstance(context, ParkedCall):
            self._admit(context.connection.certificate, context.authorization, caller)
        return caller
