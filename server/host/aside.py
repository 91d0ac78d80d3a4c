"""Processes that work beside those who answer: they interrupt nobody, and keep to one core together."""

from __future__ import annotations

import os

from server.logs import WARNING, log


def step_aside(nice: int = 0) -> None:
    """For this process, from before its first thread on; after `logs.set_up`. nice: to be added.

    SCHED_BATCH has its share of a core and never takes it from who is just at work. The core is the last of those that
    this process may use: the kernel puts what wakes up wherever it likes, and on two cores each check then waited for
    one of these now and then (`./run bench-live`, 28 November 2026: with all of them on one core a check's p99 under
    200 changes a second falls from 4.4 to 3.3 ms, and changes are seen in 350 ms, not 450).

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
    """For this process, which works on any core and takes it from nobody: nice is added. Refused, as above."""
    try:
        _add(nice)
    except OSError as error:
        _refused(error)


def _add(nice: int) -> None:
    if nice:
        os.nice(nice)


def _refused(error: OSError) -> None:
    log("cannot_step_aside", level=WARNING, why=error.strerror, error=error)
