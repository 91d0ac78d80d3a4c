"""One attempt of a question, or two side by side: decides which call begins when, and combines their outcomes.

Waits for nothing and sends nothing, so the blocking and the asyncio client, which do, decide alike. The first call goes
over the express lane if there is one; its twin, and a question that the lane itself fails at, to the server's own
address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from clients.client.calls import closed
from clients.client.failures import CallFailure
from clients.client.lane import of_the_lane

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from clients.client.attempts import Attempts
    from clients.client.calls import Method
    from clients.client.lane import LaneUse

OWN, TWIN = 0, 1
"""Connections to the server's own address: that of every call, and that of the twins of single checks."""


class Race:
    """Begins with one call under way.

    hedge_after: seconds to wait for a call to end before `overdue`; None: for as long as it takes.
    result: the first good answer, else the first failure; None while a call is under way.
    """

    def __init__(self, method: Method, attempts: Attempts, lane: LaneUse, *, over_lane: bool) -> None:
        """over_lane: whether the call under way went to the lane."""
        self._attempts, self._lane = attempts, lane
        self._under_way = 1
        self._lane_answers = over_lane  # it has not yet
        self._first: CallFailure | None = None
        self.hedge_after = attempts.hedge_after(hedged=method.hedged)
        self.result: Message | CallFailure | None = None

    def overdue(self) -> int | None:
        """No call ended within `hedge_after`: the connection of the twin to begin now, None for none."""
        self.hedge_after = None
        return self._begun(TWIN) if self._attempts.may_hedge() else None

    def ended(self, found: Message | CallFailure, *, over_lane: bool) -> int | None:
        """Takes the outcome of a call; returns the connection of a call to begin in its place, None for none."""
        self._under_way -= 1
        if over_lane:
            self._lane_answers = False
            self._lane.judge(found)
        if over_lane and of_the_lane(found):
            if not self._under_way and self._first is None:
                return self._begun(OWN)
        elif isinstance(found, CallFailure) and found.retryable:
            self._first = self._first or found
        else:
            if self._lane_answers:
                self._lane.was_late()
            self.result = found
            return None
        if not self._under_way:
            self.result = self._first or closed()
        return None

    def _begun(self, connection: int) -> int:
        self._under_way += 1
        return connection
