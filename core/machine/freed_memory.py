"""Memory freed by a process that works in large steps: by default the C library keeps it."""

from __future__ import annotations

import ctypes

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h
_TRIMMED_FROM = 64 << 20
_MAPPED_FROM_AT_MOST = 32 << 20  # the most that glibc takes


def keep_what_is_freed() -> None:
    """Makes the C library keep freed memory, up to 64 MiB.

    A process that frees and takes the same thousands of pieces many times a second spends a fifth of its time on giving
    them back (a tick of `ronda live`: 88 ms of CPU, not 108).
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:  # another C library
        return
    mallopt(_M_TRIM_THRESHOLD, _TRIMMED_FROM)
    mallopt(_M_MMAP_THRESHOLD, _MAPPED_FROM_AT_MOST)


def give_back_now() -> None:
    """Gives back what was freed so far, once: after a step that took much more than the next one may.

    What lies between pieces that live on is given back too, which no threshold does.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
