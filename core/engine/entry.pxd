# The engine. What it does without Python is core/engine/dispatch.pxd.

from libc.stdint cimport int64_t

from core.call.confirmations cimport Confirmations
from core.engine.dispatch cimport Ending, EngineCore
from core.generation.store cimport Generation

cdef class Engine:
    cdef readonly Generation generation
    cdef public Confirmations confirmations  # None = none were ever asked for; Clear does not look at them
    cdef EngineCore* core        # never NULL

# The exception that what answer_call or clear_call returned stands for: anything but OK.
cdef object call_error(int status, const Ending* ending)
