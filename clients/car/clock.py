"""The device's clock beside the server's: expiry goes by the later of both, and a wrong clock is reported."""

from __future__ import annotations

import time

TOLERATED_SECONDS = 120.0  # a bad link is late by seconds
_DAY, _HOUR, _MINUTE = 86_400, 3_600, 60


class TrustedClock:
    """UTC seconds by what the server said once and the boot clock since, which nobody can set back."""

    def __init__(self, server_time: float) -> None:
        self._server_time = server_time
        self._booted = time.clock_gettime(time.CLOCK_BOOTTIME)
        self._latest = server_time

    def by_server(self) -> float:
        """The server's time."""
        return self._server_time + time.clock_gettime(time.CLOCK_BOOTTIME) - self._booted

    def now(self) -> float:
        """The latest that it can be, never earlier than before: the device's clock where that is later."""
        self._latest = max(self._latest, self.by_server(), time.time())
        return self._latest

    @property
    def ahead(self) -> float:
        """Seconds that the device's clock is ahead of the server's; below 0: behind."""
        return time.time() - self.by_server()


def clock_of_token(issued: float, over: float) -> TrustedClock:
    """Returns the clock known once a server took a token: by that clock it is not over, and has begun."""
    return TrustedClock(min(max(time.time(), issued), over))


def wrong_by(clock: TrustedClock | None) -> str:
    """Returns the device clock's error, in Spanish ("24 h adelantado"); "" if it is right, or unknown."""
    ahead = clock.ahead if clock is not None else 0.0
    off = abs(ahead)
    if off < TOLERATED_SECONDS:
        return ""
    if off < _HOUR:
        length = f"{round(off / _MINUTE)} min"
    elif off < 2 * _DAY:
        length = f"{round(off / _HOUR)} h"
    else:
        length = f"{round(off / _DAY)} días"
    return f"{length} {'adelantado' if ahead > 0 else 'atrasado'}"
