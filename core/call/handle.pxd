# Handles: each opens one entry of a list with hidden CUIs. Sealed for this caller, short-lived, of one generation.
#
#   +----------+-----------------------+------------+
#   | tag      | subject id            | ends       |   36 bytes as base64url: 48 characters
#   | 128 bits | 16 bytes              | u32 minute |
#   +----------+-----------------------+------------+
#
# The tag is SipHash-2-4 under the page key of the caller's device and officer, the generation's id and the bytes behind
# it. Those bytes are covered by a stream made of the tag. Nobody can read a handle, and no other caller can use it.

from libc.stdint cimport uint8_t, uint32_t

from core.call.memory cimport Call

# The handle of a subject (16 bytes), as string field `number`.
cdef void put_handle(Call* call, uint32_t number, const uint8_t* subject_id) noexcept nogil
# The subject of the handle that was asked with: OK, or FAILED with HANDLE_INVALID.
cdef int read_handle(Call* call, uint8_t* subject_id) noexcept nogil
