# One segment of the audit log while it is written: a mapped file, its keys, the texts already in it. Not locked: the log
# that owns it is. Bytes: core/audit/record.pxd.

from libc.stddef cimport size_t
from libc.stdint cimport uint8_t, uint32_t, uint64_t

from core.audit.crypto cimport EVP_CIPHER_CTX, KeyedHash
from core.audit.record cimport FRAME_BYTES

cdef enum:
    TEXTS = 4096                 # places of the table of texts already written; a power of two
    AHEAD = 4 << 20              # bytes set aside on disk at once, and so many beyond what is written: a disk that is full for
                                 # a while stops no answer

cdef struct KnownText:
    uint64_t hash
    uint32_t at                  # of the text in the segment
    uint32_t size
    uint32_t place               # of its record; 0 = free
    uint32_t what

cdef struct Segment:
    int descriptor               # -1 = none
    uint8_t* map
    size_t size                  # mapped; the segment is full there
    size_t allocated             # of it, on disk
    bint refused                 # the disk gave less than two pieces beyond when it was asked last
    size_t used
    size_t reserve               # free bytes of the disk that are left alone
    uint64_t records
    KeyedHash key
    EVP_CIPHER_CTX* cipher       # holds the query key
    Segment* after               # in a list of such
    int n_texts
    KnownText texts[TEXTS]

# A segment of `size` bytes at most over an empty file, with 32-byte keys; NULL and an errno in `error`. It owns the
# descriptor from here on, unless it is NULL.
cdef Segment* segment_new(int descriptor, size_t size, size_t reserve, const uint8_t* query_key,
                          const uint8_t* hash_key, int* error) noexcept nogil
# Gives back memory and descriptor, with it the file's lock; the file stays as it is.
cdef void segment_free(Segment* segment) noexcept nogil
# Cuts what was set aside and not used, puts the file on disk, frees: 0 or errno.
cdef int segment_end(Segment* segment) noexcept nogil
# Sets space aside on disk up to `wanted` bytes and two pieces, or one, or none, as the disk has room above its reserve.
# Returns the new value of `allocated`: the caller sets it where that is safe.
cdef size_t segment_extend(const Segment* segment, size_t wanted) noexcept nogil
# The body of `size` bytes is written at segment_body: hashes it and makes it a record.
cdef void segment_commit(Segment* segment, size_t size) noexcept nogil
# Writes a header or text record. Space was made.
cdef void segment_put_text(Segment* segment, uint8_t kind, uint8_t what, const void* text, size_t size) noexcept nogil
# Place of the record that holds this text, written now when it is new; 0 for no text. Space was made.
cdef uint32_t segment_text_place(Segment* segment, uint8_t what, const void* text, size_t size) noexcept nogil

cdef inline uint8_t* segment_body(Segment* segment) noexcept nogil:
    """Returns the place for the next record's body."""
    return segment.map + segment.used + FRAME_BYTES
