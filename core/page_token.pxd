# Page tokens: where the next page starts, in which list, of which generation.
#
#   +---------+--------+-------------+-----------+-----------+------------+--------------+
#   | version | method | offset      | list hash | id length | generation | checksum     |
#   | u8 = 1  | u8     | u32         | u64       | u8        | id         | u32          |
#   +---------+--------+-------------+-----------+-----------+------------+--------------+
#
# Little-endian, as base64url without padding. The list hash covers what was asked, page size and context aside; the
# checksum
# is the low half of XXH3_64 of the bytes before it. A token holds nothing that was asked.

from libc.stddef cimport size_t
from libc.stdint cimport uint32_t, uint64_t

from core.call cimport Call

# Mixes one more field of the question into the hash of a list.
cdef uint64_t mix_bytes(uint64_t hash, const void* data, size_t size) noexcept nogil
cdef uint64_t mix_number(uint64_t hash, uint64_t value) noexcept nogil
# Offset of the asked page (0 without a token): OK, or FAILED with PAGE_TOKEN_INVALID or GENERATION_GONE.
cdef int read_page_token(Call* call, uint64_t hash, uint32_t* offset) noexcept nogil
# The token of the page that starts at `offset`, as string field `number`.
cdef void put_page_token(Call* call, uint32_t number, uint64_t hash, uint32_t offset) noexcept nogil
