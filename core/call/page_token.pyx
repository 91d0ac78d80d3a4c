"""Page tokens, without the GIL. Nothing here is for Python."""

from libc.stdint cimport uint8_t
from libc.string cimport memcmp, memcpy

from core.audit.record cimport AGAIN_PAGE_TOKEN
from core.contract.error cimport ERROR_REASON_GENERATION_GONE, ERROR_REASON_PAGE_TOKEN_INVALID
from core.failure cimport OK, fail
from core.generation.store cimport store_sequence
from core.machine.siphash cimport ronda_siphash128
from core.wire cimport put_bytes


cdef enum:
    TOKEN_VERSION = 3
    HEAD_SIZE = 23               # bytes before the generation's id
    TAG_SIZE = 16
    ID_MAX = 63
    RAW_MAX = 23 + 63 + 16
    TEXT_MAX = 136               # base64 of RAW_MAX


cdef uint64_t page_mark(const uint64_t* page_key) noexcept nogil:
    cdef uint64_t word = 0  # alone: no tag and no hash of a list is made of one word
    cdef uint64_t mixed[2]
    ronda_siphash128(page_key, &word, 1, NULL, 0, mixed)
    return mixed[0]


cdef uint64_t mix_number(const Call* call, uint64_t hash, uint64_t value) noexcept nogil:
    cdef uint64_t words[2]
    cdef uint64_t mixed[2]
    words[0] = hash
    words[1] = value
    ronda_siphash128(call.page_key, words, 2, NULL, 0, mixed)
    return mixed[0]


cdef uint64_t mix_bytes(const Call* call, uint64_t hash, const void* data, size_t size) noexcept nogil:
    cdef uint64_t words[2]
    cdef uint64_t mixed[2]
    words[0] = hash
    words[1] = size
    ronda_siphash128(call.page_key, words, 2, data, size, mixed)
    return mixed[0]


cdef void _tag(const Call* call, uint64_t hash, const uint8_t* raw, size_t size, uint64_t* tag) noexcept nogil:
    cdef uint64_t words[3]
    words[0] = hash
    words[1] = call.device
    words[2] = call.officer
    ronda_siphash128(call.page_key, words, 3, raw, size, tag)


cdef const char* _ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


cdef size_t token_encode(const uint8_t* raw, size_t size, char* out) noexcept nogil:
    cdef size_t i = 0, n = 0
    cdef uint32_t bits
    while i < size:
        bits = <uint32_t>raw[i] << 16
        if i + 1 < size:
            bits |= <uint32_t>raw[i + 1] << 8
        if i + 2 < size:
            bits |= raw[i + 2]
        out[n] = _ALPHABET[bits >> 18]
        out[n + 1] = _ALPHABET[(bits >> 12) & 63]
        n += 2
        if i + 1 < size:
            out[n] = _ALPHABET[(bits >> 6) & 63]
            n += 1
        if i + 2 < size:
            out[n] = _ALPHABET[bits & 63]
            n += 1
        i += 3
    return n


cdef int _digit(char c) noexcept nogil:
    if c"A" <= c <= c"Z":
        return c - c"A"
    if c"a" <= c <= c"z":
        return c - c"a" + 26
    if c"0" <= c <= c"9":
        return c - c"0" + 52
    return 62 if c == c"-" else 63 if c == c"_" else -1


cdef int token_decode(const char* text, size_t size, uint8_t* raw) noexcept nogil:
    cdef size_t i
    cdef uint32_t bits = 0
    cdef int held = 0, n = 0, digit
    if size > TEXT_MAX or size % 4 == 1:
        return -1
    for i in range(size):
        digit = _digit(text[i])
        if digit < 0:
            return -1
        bits = (bits << 6) | <uint32_t>digit
        held += 6
        if held >= 8:
            held -= 8
            raw[n] = <uint8_t>(bits >> held)
            n += 1
    return n


cdef int read_page_token(Call* call, uint64_t hash, PageStart* start) noexcept nogil:
    cdef uint8_t raw[RAW_MAX + 8]
    cdef uint64_t tag[2]
    cdef uint64_t given[2]
    cdef uint64_t sequence
    cdef int n, id_length
    start.offset, start.same_view, start.before = 0, True, 0
    if call.question.page_token.size == 0:
        return OK
    n = token_decode(call.question.page_token.data, call.question.page_token.size, raw)
    id_length = n - HEAD_SIZE - TAG_SIZE
    if id_length < 0 or id_length > ID_MAX:
        return fail(call.failure, ERROR_REASON_PAGE_TOKEN_INVALID, "page_token", "not a token of this list")
    _tag(call, hash, raw, n - TAG_SIZE, tag)
    memcpy(given, raw + n - TAG_SIZE, TAG_SIZE)
    # both halves always: the time tells nothing of a guessed tag
    if (tag[0] ^ given[0]) | (tag[1] ^ given[1]) or raw[0] != TOKEN_VERSION or raw[1] != call.question.method or (
            raw[6] != id_length):
        return fail(call.failure, ERROR_REASON_PAGE_TOKEN_INVALID, "page_token", "not a token of this list")
    if id_length != <int>call.store.generation_id_length or memcmp(
            raw + HEAD_SIZE, call.store.generation_id, id_length) != 0:
        fail(call.failure, ERROR_REASON_GENERATION_GONE, "page_token", "the list belongs to another generation")
        memcpy(call.failure.generation, raw + HEAD_SIZE, id_length)
        call.failure.generation_length = id_length
        return -1
    memcpy(&start.offset, raw + 2, 4)
    memcpy(&sequence, raw + 7, 8)
    memcpy(&start.before, raw + 15, 8)
    start.same_view = sequence == store_sequence(call.store)
    return OK


cdef int page_goes_on(Call* call, const PageStart* start, uint64_t before) noexcept nogil:
    if before == start.before:
        return OK
    return fail(call.failure, ERROR_REASON_GENERATION_GONE, "page_token",
                "what stands before the page has changed: ask for the first page again")


cdef void put_page_token(Call* call, uint32_t number, uint64_t hash, uint32_t offset, uint64_t before) noexcept nogil:
    cdef uint8_t raw[RAW_MAX + 8]
    cdef char text[TEXT_MAX + 4]
    cdef uint64_t tag[2]
    cdef uint64_t sequence = store_sequence(call.store)
    cdef size_t id_length = min(<size_t>call.store.generation_id_length, <size_t>ID_MAX), n = HEAD_SIZE + id_length
    raw[0] = TOKEN_VERSION
    raw[1] = <uint8_t>call.question.method
    memcpy(raw + 2, &offset, 4)
    raw[6] = <uint8_t>id_length
    memcpy(raw + 7, &sequence, 8)
    memcpy(raw + 15, &before, 8)
    memcpy(raw + HEAD_SIZE, call.store.generation_id, id_length)
    _tag(call, hash, raw, n, tag)
    memcpy(raw + n, tag, TAG_SIZE)
    call.again |= AGAIN_PAGE_TOKEN
    put_bytes(call.out, number, text, token_encode(raw, n + TAG_SIZE, text))
