# Subjects by their id.

from libc.stdint cimport uint8_t

from core.call.memory cimport Call
from core.generation.view cimport Dossier

# Finds the subject of 16 raw bytes: OK, or FAILED with SUBJECT_NOT_FOUND (named by `field`), also if the caller may see
# nothing of it.
cdef int find_subject(Call* call, const uint8_t* raw, const char* field, Dossier* dossier) noexcept nogil
