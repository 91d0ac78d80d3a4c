"""No core dumps: one would hold whatever was asked last, and the keys of the audit log."""

from __future__ import annotations

import ctypes
import resource

_PR_SET_DUMPABLE = 4


def forbid_core_dumps() -> None:
    """Forbids core dumps of this process, to a file or to a program; other processes of its user cannot trace it.

    Children inherit the limit but not the dumpable flag: each process calls this for itself.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
