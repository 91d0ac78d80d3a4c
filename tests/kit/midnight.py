"""Guatemala's midnight, for a test with data and questions of one day."""

from __future__ import annotations

import time

_DAY_S = 24 * 3600
_GUATEMALA_S = -6 * 3600  # UTC-6 all year


def past_midnight(within_s: float) -> None:
    """Waits until Guatemala's midnight is over, where it would come within so many seconds."""
    left = _DAY_S - (time.time() + _GUATEMALA_S) % _DAY_S
    if left <= within_s:
        time.sleep(left + 1)
