# One ClearRequest taken apart into its columns, and the columns of its response.

from libc.stddef cimport size_t
from libc.stdint cimport uint8_t, uint32_t

from core.call.question cimport Text
from core.failure cimport Failure

cdef enum:
    BATCH_ROWS = 1000
    BATCH_REFERENCES = 5000      # BATCH_ROWS x 5

cdef struct RowError:
    uint32_t row                 # place in the batch
    int reason                   # ErrorReason
    const char* field
    const char* rule

cdef struct Batch:               # about 230 KB: allocated once a message
    size_t rows
    size_t n_row_ids
    size_t n_cuis
    size_t n_names
    size_t n_birth_dates
    size_t n_plates
    size_t n_vins
    uint32_t row_ids[1000]
    Text cuis[1000]
    Text names[1000]
    uint32_t birth_dates[1000]
    Text plates[1000]
    Text vins[1000]
    uint8_t results[1000]
    uint8_t reasons[1000]
    size_t n_references
    uint32_t reference_rows[5000]
    Text references[5000]        # RecordReference, encoded; borrowed from dossiers
    size_t n_errors
    RowError errors[1000]

# How many rows a message seems to have, without reading them: what its limits are charged for.
cdef uint32_t count_rows(const void* data, size_t size) noexcept nogil
# Reads the columns: OK, or FAILED for what is no message, for columns of unequal length, for too many rows.
cdef int read_batch(const void* data, size_t size, Batch* batch, Failure* failure) noexcept nogil
