"""Processes that work beside those who answer: they interrupt nobody, and keep to one core together."""

from __future__ import annotations

import os

from server.logs import WARNING, log


def step_aside(nice: int = 0) -> None:
    """Lowers the priority of this process; call it before its first thread, after `logs.set_up`. nice: to be added.

    SCHED_BATCH has its share of a core and never preempts a working process. The process is bound to the last of its
    allowed cores: the kernel wakes processes on any core, and on two cores each check then waited for one of these now
    and then. Measured with `./run bench-live`: with all of them on one core a check's p99 under 200 changes a second is
    3.3 ms, not 4.4, and changes are seen in 350 ms, not 450.

    A sandbox may refuse any of it (a unit's SystemCallFilter without sched_setscheduler, sched_setaffinity and
    setpriority). Then the work is done all the same, and the log says once that others may wait for it.
    """
    try:
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        _add(nice)
        allowed = os.sched_getaffinity(0)
        if len(allowed) > 1:
            os.sched_setaffinity(0, {max(allowed)})
    except OSError as error:
        _refused(error)


def give_way(nice: int) -> None:
    """Lowers the priority of this process, which works on any core: nice is added. A refusal is logged, as above."""
    try:
        _add(nice)
    except OSError as error:
        _refused(error)


def _add(nice: int) -> None:
    if nice:
        os.nice(nice)


def _refused(error: OSError) -> None:
    log("cannot_step_aside", level=WARNING, why=error.strerror, error=error)
