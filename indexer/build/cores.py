"""The number of cores that a build may use."""

from __future__ import annotations

import os


def cores_at_hand() -> int:
    """Cores that this process may run on: a container or `taskset` may have left it fewer than the machine has."""
    return max(1, len(os.sched_getaffinity(0)))
