"""The two cores of a measurement, what a server spent of its own, and what else went on meanwhile."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

_BUSY = (0, 1, 2, 5, 6, 7)  # of /proc/stat's fields: user, nice, system, irq, softirq, steal
_TICKS = os.sysconf("SC_CLK_TCK")


class TooFewCores(RuntimeError):
    """A server and its load need a core each."""


def cores() -> tuple[int, int]:
    """(Core of the servers, core of the load). Raises TooFewCores."""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        raise TooFewCores("./run bench-limit needs two cores: one for the server, one for the load")
    return allowed[0], allowed[1]


def on_core(core: int) -> tuple[str, ...]:
    """Returns the prefix that executes the rest of its words on one core alone."""
    return ("taskset", "--cpu-list", str(core))


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and of all that it started, as the scheduler has it.

    Not psutil's: the kernel counts those in ticks, which a server that sleeps between calls escapes. Of children that
    have ended there is nothing better.
    """
    first, total = psutil.Process(pid), 0.0
    for member in (first, *first.children(recursive=True)):
        try:
            total += time.clock_gettime((~member.pid << 3) | 2)  # CLOCK_PROCESS_CPUTIME_ID of another process
            ended = member.cpu_times()
        except (OSError, psutil.NoSuchProcess):  # it has ended
            continue
        total += float(ended.children_user + ended.children_system)
    return total


def _busy_seconds(watched: tuple[int, ...]) -> float:
    total = 0
    for line in Path("/proc/stat").read_text(encoding="ascii").splitlines():
        name, *fields = line.split()
        if name.startswith("cpu") and name[3:].isdigit() and int(name[3:]) in watched:
            total += sum(int(fields[place]) for place in _BUSY)
    return total / _TICKS


@dataclass(frozen=True)
class Moment:
    """Seconds: the clock, the server's CPU, what both cores were busy in all."""

    at: float
    server: float
    busy: float

    @classmethod
    def now(cls, pid: int) -> Moment:
        """Returns the present moment of the server `pid`."""
        return cls(time.monotonic(), cpu_seconds(pid), _busy_seconds(cores()))


def foreign_share(begun: Moment, ended: Moment, generator: float) -> float:
    """Share of the two cores that neither the server nor the generator (its CPU in seconds) had."""
    ours = ended.server - begun.server + generator
    return max(0.0, ended.busy - begun.busy - ours) / max(1e-9, 2 * (ended.at - begun.at))
