# names.bin open from Python, for compiled code that asks it: see core/linking/index.pyi.

from core.name_index.file cimport NamesFile
from core.name_index.query cimport NameQuery, NameQuestion


cdef class NameIndex:
    cdef NamesFile file
    cdef NameQuery* query
    cdef object kept             # the mapping, or the generation
    cdef bint own                # `file` is not a generation's

    # Raises what a status of a question (NAMES_*) is.
    cdef int check_status(self, int status) except -1
