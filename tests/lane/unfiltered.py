"""Runs a command whose processes may not filter their system calls: `python -m tests.lane.unfiltered command...`.

A filter of system calls that lets all pass but one: seccomp(2) itself fails, as where a sandbox's system has none. What
is executed from here on inherits it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys

_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS, _MODE_FILTER = 22, 38, 2
_SECCOMP = {"x86_64": 317, "aarch64": 277}
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06  # BPF: a word at an offset; jump if equal; return
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_void_p))


def refuse_filters() -> None:
    """For this process and what it executes. Raises OSError."""
    steps = [
        (_LOAD, 0, 0, 0),  # the call's number
        (_EQUAL, 0, 1, _SECCOMP[platform.machine()]),
        (_RETURN, 0, 0, _ERRNO | errno.ENOSYS),
        (_RETURN, 0, 0, _ALLOW),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    program = _Program(len(steps), ctypes.cast(code, ctypes.c_void_p))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    for given in ((_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), (_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program), 0, 0)):
        if prctl(*given) != 0:
            raise OSError(ctypes.get_errno(), "prctl")


if __name__ == "__main__":
    refuse_filters()
    os.execvp(sys.argv[1], sys.argv[1:])
