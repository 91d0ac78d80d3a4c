# Page tokens: where the next page starts, in which list, of which generation, asked by whom.
#
#   +---------+--------+-------------+-----------+------------+-----------+
#   | version | method | offset      | id length | generation | tag       |
#   | u8 = 2  | u8     | u32         | u8        | id         | 128 bits  |
#   +---------+--------+-------------+-----------+------------+-----------+
#
# Little-endian, as base64url without padding. The tag is SipHash-2-4 under the server's page key (server/processes/page_key.py) of
# the list's hash, the caller's device and officer, and the bytes before it. The hash covers what was asked, page size and
# context aside, and is keyed too: nobody finds another list with the same. A token holds nothing that was asked.

from libc.stddef cimport size_t
from libc.stdint cimport uint32_t, uint64_t

from core.call.memory cimport Call

# Mixes one more field of the question into the hash of a list.
cdef uint64_t mix_bytes(const Call* call, uint64_t hash, const void* data, size_t size) noexcept nogil
cdef uint64_t mix_number(const Call* call, uint64_t hash, uint64_t value) noexcept nogil
# Offset of the asked page (0 without a token): OK, or FAILED with PAGE_TOKEN_INVALID or GENERATION_GONE.
cdef int read_page_token(Call* call, uint64_t hash, uint32_t* offset) noexcept nogil
# The token of the page that starts at `offset`, as string field `number`.
cdef void put_page_token(Call* call, uint32_t number, uint64_t hash, uint32_t offset) noexcept nogil
