"""Decides when a call is tried again, and when a second one is sent beside it: numbers and the budget, for both
clients.

gRPC's own retries do not fit. They know statuses and not reasons, ignore RetryInfo and a renewed token, and Python
ignores hedging. These decisions wait for nothing and send nothing, so the blocking and the asyncio client decide alike.
"""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clients.client.failures import CallFailure

_BUDGET = 20.0  # extra attempts at once
_EARNED = 0.1  # of an extra attempt, by each answer


@dataclass(frozen=True)
class Patience:
    """The time limits of a call, and the attempts within them. Times in seconds.

    deadline: of a call with all its attempts. attempts: in all, without the hedge. first_pause, longest_pause: between
    attempts, twice as long each time. hedge_after: a single check without an answer by then is sent a second time, over
    a connection of its own; None: never. batch: the longest wait of a clearance for one batch.
    """

    deadline: float = 5.0
    attempts: int = 6
    first_pause: float = 0.1
    longest_pause: float = 2.0
    hedge_after: float | None = 0.5
    batch: float = 30.0

    def pause(self, failure: CallFailure, attempt: int) -> float | None:
        """Seconds until attempt `attempt` + 1 (the first is 1); None: there is none. Half of it is chance."""
        if attempt >= self.attempts or not failure.retryable or failure.status == "DEADLINE_EXCEEDED":
            return None
        pause = min(self.longest_pause, self.first_pause * 2.0 ** (attempt - 1)) * random.uniform(0.5, 1.0)  # noqa: S311
        # Clients that got the same time should not all come back at it.
        return pause if failure.retry_after_seconds is None else failure.retry_after_seconds + pause / 2


class Budget:
    """Extra attempts of one client: a burst, and then one for ten answers, so that clients do not hold a server down.

    As gRPC's retryThrottling (gRFC A6), but for hedges and reasons too. For any thread.
    """

    def __init__(self, burst: float = _BUDGET) -> None:
        self._burst = self._left = burst
        self._lock = threading.Lock()

    def spend(self) -> bool:
        """Takes an extra attempt; False: there is none left."""
        with self._lock:
            if self._left < 1:
                return False
            self._left -= 1
            return True

    def earn(self) -> None:
        """Earns a part of an extra attempt after an answer."""
        with self._lock:
            self._left = min(self._burst, self._left + _EARNED)


class Attempts:
    """The attempts of one call."""

    def __init__(self, patience: Patience, budget: Budget, deadline: float | None) -> None:
        """deadline: seconds from now; None = the patience's."""
        self._patience, self._budget = patience, budget
        self._end = time.monotonic() + (patience.deadline if deadline is None else deadline)
        self._made = 1
        self._token_renewed = False

    @property
    def left(self) -> float:
        """Seconds left; a millisecond when there are none, for gRPC takes 0 as it takes any number."""
        return max(0.001, self._end - time.monotonic())

    def hedge_after(self, *, hedged: bool) -> float | None:
        """Seconds from an attempt's start to its twin's; None: it has none."""
        after = self._patience.hedge_after
        return after if hedged and after is not None and after < self.left else None

    def may_hedge(self) -> bool:
        """Takes the twin from the budget."""
        return self._budget.spend()

    def answered(self) -> None:
        """Notes an answer; call it once."""
        self._budget.earn()

    def again(self, failure: CallFailure, *, token_changed: bool) -> float | None:
        """Seconds to wait before the next attempt; None: `failure` is final.

        token_changed: there is another token than the one that was refused, which is tried once and at once.
        """
        if failure.reason == "TOKEN_EXPIRED" and token_changed and not self._token_renewed:
            self._token_renewed = True
            return 0.0
        pause = self._patience.pause(failure, self._made)
        if pause is None or pause >= self._end - time.monotonic() or not self._budget.spend():
            return None
        self._made += 1
        return pause
