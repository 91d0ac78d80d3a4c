# A plan (plain Python, from indexer.standardise.plan) turned into the structs that rows are encoded by.

from core.standardise.encoding cimport Encoding

# Fills `e` from the plan; texts are borrowed from `keep`, a list that must outlive it. Raises KeyError, MemoryError.
cdef int build(Encoding* e, dict plan, list keep) except -1
cdef void dismantle(Encoding* e) noexcept
