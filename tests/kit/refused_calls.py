"""Runs a command without some system calls, as in a sandbox:
`python -m tests.kit.refused_calls ENOSYS seccomp command...`; calls by name, with commas.

A filter of system calls that lets all others pass. What is executed from here on inherits it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Sequence

_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS, _MODE_FILTER = 22, 38, 2
_NUMBERS = {
    "seccomp": {"x86_64": 317, "aarch64": 277},
    "sched_setaffinity": {"x86_64": 203, "aarch64": 122},
    "sched_setattr": {"x86_64": 314, "aarch64": 274},
    "sched_setparam": {"x86_64": 142, "aarch64": 118},
    "sched_setscheduler": {"x86_64": 144, "aarch64": 119},
    "setpriority": {"x86_64": 141, "aarch64": 140},
}
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06  # BPF: a word at an offset; jump if equal; return
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_void_p))


def refuse_calls(names: Sequence[str], error: int) -> None:
    """For this process and what it executes. Raises OSError."""
    steps = [(_LOAD, 0, 0, 0)]  # the call's number
    for name in names:
        steps += [(_EQUAL, 0, 1, _NUMBERS[name][platform.machine()]), (_RETURN, 0, 0, _ERRNO | error)]
    steps.append((_RETURN, 0, 0, _ALLOW))
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    program = _Program(len(steps), ctypes.cast(code, ctypes.c_void_p))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    for given in ((_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), (_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program), 0, 0)):
        if prctl(*given) != 0:
            raise OSError(ctypes.get_errno(), "prctl")


if __name__ == "__main__":
    refuse_calls(sys.argv[2].split(","), getattr(errno, sys.argv[1]))
    os.execvp(sys.argv[3], sys.argv[3:])
