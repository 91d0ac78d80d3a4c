# The engine. What it does without Python is core/engine_core.pxd.

from libc.stdint cimport int64_t

from core.engine_core cimport EngineCore
from core.generation cimport Generation

cdef class Engine:
    cdef readonly Generation generation
    cdef EngineCore* core        # never NULL
