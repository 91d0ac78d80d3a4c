# One record of a row: what it states, refused or written as a standard record.

from core.standardise.encoding cimport Encoding

# 1 = written, 0 = its conditions do not hold, -1 = refused (a damaged record may have been written).
cdef int encode_record(Encoding* e, int number) noexcept nogil
