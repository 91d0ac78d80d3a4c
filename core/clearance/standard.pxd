# The registers that a clearance standard needs, and the records of a dossier that count under it (docs/answers.md
# section 12).

from libc.stddef cimport size_t
from libc.stdint cimport uint8_t, uint32_t

from core.call.memory cimport Call
from core.generation.store cimport Register
from core.generation.view cimport Dossier
from core.subject.shown cimport Left

cdef enum:
    REFERENCES_MAX = 5           # of one row

cdef struct Verdict:             # records under the standard on one subject, or several
    bint certain                 # one of them HIT and by criterion 1
    int n_certain
    int n
    bint adolescents             # somebody has an adolescent's order that the caller sees whole
    bint adolescents_hidden      # somebody is a child, or of unknown age to a caller who sees no such orders, whether there are any or not
    bint child                   # the subject looked at last is one by a birth date on file
    const uint8_t* certain_at[REFERENCES_MAX]  # RecordReference, encoded
    size_t certain_size[REFERENCES_MAX]
    const uint8_t* at[REFERENCES_MAX]
    size_t size[REFERENCES_MAX]
    Left certain_left            # of the subject looked at last: what its references, the first five of all, are of
    Left left

# Returns whether NO_RECORD depends on this register: it identifies the question's kind, or the standard needs it.
cdef bint standard_needs(const Register* register, int standard, bint vehicle) noexcept nogil
# Returns whether every such register is FRESH for this caller.
cdef bint standard_is_fresh(const Call* call, int standard, bint vehicle) noexcept nogil
cdef inline void verdict_init(Verdict* verdict) noexcept nogil:
    verdict.n = verdict.n_certain = 0
    verdict.adolescents = verdict.adolescents_hidden = verdict.child = False

# Adds the visible records under the standard of one dossier, reached by a link of that Level.
cdef void under_standard(const Call* call, int standard, const Dossier* dossier, uint8_t link,
                         Verdict* verdict) noexcept nogil
