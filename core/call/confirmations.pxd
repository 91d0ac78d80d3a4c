# Statements of issuing institutions about hits: a table that an answer looks its hits up in (docs/confirmation.md). It
# never changes once it is made; the next one takes its place between two calls.

from libc.stddef cimport size_t
from libc.stdint cimport uint8_t, uint32_t, uint64_t

cdef struct Confirmed:
    uint64_t hash                # of its key
    const uint8_t* key           # CONFIRMATION_SUBJECT bytes of the subject's id (zeros: whomever it is shown for), then the
    uint32_t key_size            # register's id, a zero byte, the record's id
    uint32_t fields_size
    const uint8_t* fields        # of Hit, encoded: `confirmation` and a note
    bint denied                  # such a hit is at most POSSIBLE

cdef struct ConfirmationTable:
    Confirmed* items             # ascending by hash
    size_t count

cdef enum:
    CONFIRMATION_SUBJECT = 16
    CONFIRMATION_KEY = 512       # bytes of the longest key

cdef class Confirmations:
    cdef ConfirmationTable table
    cdef list held               # what `table` points into

# Returns the statement about the alert with these stored Hit fields, as it stands in this subject's dossier. The record
# that represents the alert comes first, then another of the same register that states it; statements about all subjects
# come before those about one. NULL = none.
cdef const Confirmed* confirmed_hit(const ConfirmationTable* table, const uint8_t* subject_id, const uint8_t* stored,
                                    size_t length) noexcept nogil
