# One ClearRequest taken apart into its columns, and the columns of its response.

from libc.stddef cimport size_t
from libc.stdint cimport uint8_t, uint32_t

from core.call.question cimport Text
from core.clearance.standard cimport REFERENCES_MAX
from core.failure cimport Failure

cdef enum:
    BATCH_ROWS = 4000            # some 8 ms of work by CUI; a message costs about 0.7 ms besides, whatever it holds
    NAMED_ROWS = 1000            # where names are asked: a search each, some 0.1 s in all
    BATCH_REFERENCES = BATCH_ROWS * REFERENCES_MAX

cdef struct RowError:
    uint32_t row                 # place in the batch
    int reason                   # ErrorReason
    const char* field
    const char* rule

cdef struct Batch:               # about 0.9 MB, of which a batch touches what it has: allocated once a message
    size_t rows
    size_t n_row_ids
    size_t n_cuis
    size_t n_names
    size_t n_birth_dates
    size_t n_plates
    size_t n_vins
    uint32_t row_ids[BATCH_ROWS]
    Text cuis[BATCH_ROWS]
    Text names[BATCH_ROWS]
    uint32_t birth_dates[BATCH_ROWS]
    Text plates[BATCH_ROWS]
    Text vins[BATCH_ROWS]
    uint8_t results[BATCH_ROWS]
    uint8_t reasons[BATCH_ROWS]
    size_t n_references
    uint32_t reference_rows[BATCH_REFERENCES]
    Text references[BATCH_REFERENCES]  # RecordReference, encoded; borrowed from dossiers
    size_t n_errors
    RowError errors[BATCH_ROWS]

# Returns the likely number of rows of a message, without reading them: the limits are charged for it.
cdef uint32_t count_rows(const void* data, size_t size) noexcept nogil
# Reads the columns: OK, or FAILED for what is no message, for columns of unequal length, for too many rows or names.
cdef int read_batch(const void* data, size_t size, Batch* batch, Failure* failure) noexcept nogil

cdef void set_result(Batch* batch, size_t row, uint8_t result, uint8_t reason) noexcept nogil
# The row is INVALID, with the field at fault and the rule that it breaks. OK.
cdef int refuse_row(Batch* batch, size_t row, int reason, const char* field, const char* rule) noexcept nogil
