"""A restart of `ronda live`, as `systemctl restart ronda-live` makes one, and what an officer who asks sees of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bench.live.feeding import Court
from bench.live.night import Asked
from bench.live.running import until

RESTARTS = 5
_MOST_S = 300.0
_SETTLED_S = 1.0


@dataclass
class Restarts:
    """Seconds of each."""

    away: list[float] = field(default_factory=list)  # until the next writer is at the ledger's end
    grey: list[float] = field(default_factory=list)  # of them: an answer showed the fed register otherwise than FRESH


def measure(target: str, court: Court, cui: str, restart: Callable[[], Callable[[], bool]]) -> Restarts:
    """Restarts it again and again while somebody asks about `cui`.

    restart: ends the writer and starts the next one; returns whether that is at the ledger's end.
    """
    found = Restarts()
    for _ in range(RESTARTS):
        court.beat()
        asked = Asked(target, cui).begin()
        began = time.monotonic()
        is_back = restart()
        if not until(is_back, _MOST_S):
            raise RuntimeError("the writer did not come back to the ledger's end")
        found.away.append(time.monotonic() - began)
        time.sleep(_SETTLED_S)
        if not until(lambda: asked.is_fresh, _MOST_S):  # noqa: B023 - called in this turn alone
            raise RuntimeError("the register stays STALE")
        asked.end()
        found.grey.append(asked.grey_s)
    return found
