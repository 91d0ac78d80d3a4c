# Page tokens: the start of the next page, the list, the generation with its live changes, and the caller.
#
#   +---------+--------+--------+-----------+----------+--------+------------+-----------+
#   | version | method | offset | id length | sequence | before | generation | tag       |
#   | u8 = 3  | u8     | u32    | u8        | u64      | u64    | id         | 128 bits  |
#   +---------+--------+--------+-----------+----------+--------+------------+-----------+
#
# sequence: of the ledger, up to which the token's view held changes. before: a hash of the entries of its page and
# those before it, in their order. Under another view the list goes on if the same entries stand before the page; else a
# row would come twice, or never.
#
# Little-endian, as base64url without padding. The tag is SipHash-2-4 under the server's page key
# (server/processes/page_key.py) of the list's hash, the caller's device and officer, and the bytes before it. The hash
# covers the question, page size and context aside, and is keyed too: nobody finds another list with the same. A token
# holds no part of the question.

from libc.stddef cimport size_t
from libc.stdint cimport uint8_t, uint32_t, uint64_t

from core.call.memory cimport Call

cdef struct PageStart:
    uint32_t offset              # of the asked page; 0 without a token
    bint same_view               # nothing changed since the page before
    uint64_t before              # what stood before this page then

# base64url without padding: characters written; bytes decoded, or -1. `raw` has room for two bytes more.
cdef size_t token_encode(const uint8_t* raw, size_t size, char* out) noexcept nogil
cdef int token_decode(const char* text, size_t size, uint8_t* raw) noexcept nogil
# Tells a page key from others, and nothing of it.
cdef uint64_t page_mark(const uint64_t* page_key) noexcept nogil
# Mixes one more field of the question into the hash of a list.
cdef uint64_t mix_bytes(const Call* call, uint64_t hash, const void* data, size_t size) noexcept nogil
cdef uint64_t mix_number(const Call* call, uint64_t hash, uint64_t value) noexcept nogil
# Reads the start of the asked page: OK, or FAILED with PAGE_TOKEN_INVALID or GENERATION_GONE.
cdef int read_page_token(Call* call, uint64_t hash, PageStart* start) noexcept nogil
# Checks a page of another view than the page before: `before` is the hash of the entries before this page now. OK, or
# FAILED with GENERATION_GONE.
cdef int page_goes_on(Call* call, const PageStart* start, uint64_t before) noexcept nogil
# The token of the page that starts at `offset`, as string field `number`.
cdef void put_page_token(Call* call, uint32_t number, uint64_t hash, uint32_t offset, uint64_t before) noexcept nogil
