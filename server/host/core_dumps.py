"""No core dumps: one would hold whatever was asked last, and the keys of the audit log."""

from __future__ import annotations

import ctypes
import resource

_PR_SET_DUMPABLE = 4


def forbid_core_dumps() -> None:
    """Of this process, neither as a file nor to a program that the system names; others of its user cannot trace it.

    The limit is inherited by processes started later, being dumpable is not: each calls this for itself.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
