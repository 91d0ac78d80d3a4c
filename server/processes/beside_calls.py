"""Tasks of a worker beside its calls: each goes on whatever fails in it, and each failure is counted and logged."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from server.logs import ERROR, log
from server.metrics import counts as call_metrics
from server.metrics.series import begin

Work = Callable[[], Coroutine[Any, Any, None]]

_PAUSE_S = 0.25


async def keep_going(work: Work) -> None:
    """Runs the work until it returns; begins it again where it raised.

    A watcher that ended in silence would keep a revoked officer in, or a worker on an old generation.
    """
    what = getattr(work, "__qualname__", type(work).__name__)
    begin(call_metrics.WATCH_FAILED, [what])
    while True:
        try:
            return await work()
        except Exception as error:
            call_metrics.WATCH_FAILED.labels(what).inc()
            log("watch_failed", level=ERROR, what=what, error=error)
            await asyncio.sleep(_PAUSE_S)
