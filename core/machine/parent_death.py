"""A child that dies with its parent, however the parent ends: the kernel sends it SIGKILL (prctl PR_SET_PDEATHSIG).

The signal comes when the *thread* that started the child ends: start it from one that lives as long as it is needed.
`python -m core.machine.parent_death PARENT MODULE ...` runs a module so.
"""

from __future__ import annotations

import ctypes
import os
import runpy
import signal
import sys

_PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """Binds this process to its parent; ends it at once where that one, by its process id, is gone already."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def with_parent(module: str, *arguments: str) -> list[str]:
    """The command of a Python module that dies with this process."""
    return [sys.executable, "-m", "core.machine.parent_death", str(os.getpid()), module, *arguments]


if __name__ == "__main__":
    die_with_parent(int(sys.argv[1]))
    sys.argv = sys.argv[2:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
