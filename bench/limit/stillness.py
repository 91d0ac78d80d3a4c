"""Measures how still a core is: a server that does nothing also loses the core to other work and to the host.

`python -m bench.limit.stillness SECONDS` prints the p99 of such a server, in microseconds.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence

from bench.limit.machine import cores, on_core

SHORTEST_NS = 5_000  # a gap between two looks at the clock that is told; one takes 100 ns


def gaps(seconds: float) -> list[int]:
    """Nanoseconds during which a loop that looks at the clock did not run, each of them."""
    found = []
    clock = time.monotonic_ns
    last = clock()
    end = last + int(seconds * 1e9)
    while last < end:
        now = clock()
        if now - last > SHORTEST_NS:
            found.append(now - last)
        last = now
    return found


def percentile_us(found: Sequence[int], seconds: float, share: float = 0.99) -> float:
    """Returns how late, at most, that share of instants finds the loop running; microseconds. 0.0 = it runs that often.

    An instant within a gap waits for its end: of a gap g the part g - d waits longer than d.
    """
    allowed = (1 - share) * seconds * 1e9
    low, high = 0.0, float(max(found, default=0))
    for _ in range(60):
        middle = (low + high) / 2
        if sum(gap - middle for gap in found if gap > middle) > allowed:
            low = middle
        else:
            high = middle
    return high / 1000


def own_p99_us(seconds: float = 2.0) -> float:
    """Returns the p99 of the servers' core, now. Raises subprocess.CalledProcessError."""
    command = [*on_core(cores()[0]), sys.executable, "-m", "bench.limit.stillness", str(seconds)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


if __name__ == "__main__":
    of = float(sys.argv[1])
    print(percentile_us(gaps(of), of))
