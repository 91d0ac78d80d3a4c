"""The screen's end after a defect of its own: a sentence, without the values in a traceback or locals."""

from __future__ import annotations

import contextlib
import ctypes
import logging
import resource
import threading
import traceback
from pathlib import Path

_PR_SET_DUMPABLE = 4  # linux/prctl.h


def told_defect(error: BaseException | None) -> str:
    """Kind and place of a defect, never its text: that may hold what was asked."""
    cause = getattr(error, "error", error)  # a worker wraps what failed in it
    where = traceback.extract_tb(cause.__traceback__)[-1:] if isinstance(cause, BaseException) else []
    place = f" en {Path(where[0].filename).name}:{where[0].lineno}" if where else ""
    kind = type(cause).__name__ if cause is not None else "falla"
    return (
        f"Ronda se cerró por una falla propia ({kind}{place}). Nada de lo consultado quedó guardado. "
        "Ábralo de nuevo y avise a operaciones."
    )


def keep_to_itself() -> None:
    """No core dump, no other process of this user that reads our memory, no thread's traceback, no library's log."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError, AttributeError):  # a system without prctl
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    threading.excepthook = lambda _: None
    logging.disable(logging.CRITICAL)
