"""The SMSC's word on a reply: for good, or for now; and the pauses of replies that go again.

For good is what the status says of the message itself: a field or address that stays wrong. Everything else may pass
later, a status that only this operator has among them. A congested SMSC (throttled, queue full) gets nothing for a
while; another refusal for now delays that reply alone.
"""

from __future__ import annotations

import heapq
import itertools
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiosmpplib import SmppCommandStatus

if TYPE_CHECKING:
    from clients.sms.journal import Entry

CONGESTED = frozenset({SmppCommandStatus.ESME_RTHROTTLED, SmppCommandStatus.ESME_RMSGQFUL})
_OF_THE_BIND = ("ESME_RINVBNDSTS", "ESME_RINVPASWD", "ESME_RINVSYSID", "ESME_RINVSYSTYP")  # another bind may be right
_ALSO_FOR_GOOD = (
    *("ESME_RCNTSUBDL", "ESME_ROPTPARNOTALLWD", "ESME_RMISSINGOPTPARAM"),
    *("ESME_RX_P_APPN", "ESME_RX_R_APPN"),
)
FOR_GOOD = frozenset(
    status
    for status in SmppCommandStatus
    if (status.name.startswith("ESME_RINV") and status.name not in _OF_THE_BIND) or status.name in _ALSO_FOR_GOOD
)
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0


@dataclass
class _Refused:
    """One reply's refusals for now. since: of the first, monotonic."""

    since: float
    times: int = 0


class Later:
    """The replies that were refused for now, until each may go again: twice as long each time. Of one event loop."""

    def __init__(self, bound_s: float) -> None:
        """bound_s: after the first refusal; then a reply is given up."""
        self._bound_s = bound_s
        self._refused: dict[int, _Refused] = {}
        self._due: list[tuple[float, int, Entry]] = []
        self._order = itertools.count()

    def __len__(self) -> int:
        return len(self._due)

    def is_over(self, reference: int) -> bool:
        """Counts a refusal; returns whether the reply's time is over."""
        now = time.monotonic()
        found = self._refused.setdefault(reference, _Refused(now))
        found.times += 1
        return now - found.since >= self._bound_s

    def put(self, entry: Entry) -> None:
        """Keeps a reply for its pause, after `is_over`."""
        found = self._refused[entry.reference]
        pause = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** (found.times - 1))
        heapq.heappush(self._due, (time.monotonic() + pause, next(self._order), entry))

    def take(self) -> list[Entry]:
        """Returns the replies with a finished pause."""
        now, found = time.monotonic(), []
        while self._due and self._due[0][0] <= now:
            found.append(heapq.heappop(self._due)[2])
        return found

    def seconds(self) -> float | None:
        """Returns the time until the next pause is over; None = no reply waits."""
        return max(0.0, self._due[0][0] - time.monotonic()) if self._due else None

    def forget(self, reference: int) -> None:
        """The reply was taken, or is given up."""
        self._refused.pop(reference, None)
