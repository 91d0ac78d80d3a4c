"""The wall clock against the machine's own, at each answer: an order must not lapse because somebody set the clock."""

from libc.stdint cimport INT64_MIN, int64_t
from posix.time cimport clock_gettime, timespec

cdef extern from "<time.h>" nogil:
    enum:
        CLOCK_BOOTTIME

cdef enum:
    STEP_MS = 120000             # time services correct less than that without a step

cdef int64_t _reference_ms = INT64_MIN  # the wall clock at boot, as the server's start had it; INT64_MIN = none


cdef int64_t _since_boot_ms() noexcept nogil:
    cdef timespec now
    clock_gettime(CLOCK_BOOTTIME, &now)
    return <int64_t>now.tv_sec * 1000 + now.tv_nsec // 1000000


cdef bint clock_is_doubtful(int64_t clock_ms) noexcept nogil:
    cdef int64_t off_ms
    if _reference_ms == INT64_MIN:
        return False
    off_ms = clock_ms - _since_boot_ms() - _reference_ms
    return off_ms > STEP_MS or off_ms < -STEP_MS


def clock_reference_ms(int64_t clock_ms):
    return clock_ms - _since_boot_ms()


def hold_clock_against(reference_ms):
    global _reference_ms
    _reference_ms = INT64_MIN if reference_ms is None else reference_ms


def is_doubtful(int64_t clock_ms):
    return clock_is_doubtful(clock_ms)
