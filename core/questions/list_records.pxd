# ListRecords, ListRegisters, GetGeneration.

from core.call.memory cimport Call

# The whole response of ListRecords. OK or FAILED.
cdef int list_records(Call* call) noexcept nogil
