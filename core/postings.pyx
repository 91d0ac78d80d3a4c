"""names.bin, the reader: phonetic token -> ascending entity numbers (see core/postings.pxd for the bytes)."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcmp

from core.layout cimport HEADER_SIZE, TRAILER_SIZE, FileTrailer
from core.xxhash cimport XXH3_64bits


cdef uint64_t token_hash(const void* text, size_t length) noexcept nogil:
    return XXH3_64bits(text, length)


cdef const char* names_open(NamesFile* names, const uint8_t* data, uint64_t size) noexcept nogil:
    cdef const FileTrailer* trailer
    if size < HEADER_SIZE + TRAILER_SIZE:
        return "too short to be one"
    trailer = <const FileTrailer*>(data + size - TRAILER_SIZE)
    if memcmp(trailer.magic, b"RNDNAMES", 8) != 0 or trailer.checksum != XXH3_64bits(trailer, TRAILER_SIZE - 8):
        return "its end is damaged"
    if (trailer.table & 7 or trailer.table < HEADER_SIZE or trailer.table > size - TRAILER_SIZE
            or trailer.count != (size - TRAILER_SIZE - trailer.table) // sizeof(TokenEntry)
            or trailer.count * sizeof(TokenEntry) != size - TRAILER_SIZE - trailer.table):
        return "its end points outside it"
    if trailer.table_checksum != XXH3_64bits(data + trailer.table, trailer.count * sizeof(TokenEntry)):
        return "its table of tokens is damaged"
    names.data = data
    names.size = size
    names.tokens = <const TokenEntry*>(data + trailer.table)
    names.n_tokens = trailer.count
    return NULL


cdef const TokenEntry* _find(const NamesFile* names, uint64_t hash) noexcept nogil:
    cdef uint64_t low = 0, high = names.n_tokens, middle
    while low < high:
        middle = low + (high - low) // 2
        if names.tokens[middle].hash < hash:
            low = middle + 1
        else:
            high = middle
    if low < names.n_tokens and names.tokens[low].hash == hash:
        return &names.tokens[low]
    return NULL


cdef bint _enter(PostingCursor* cursor, uint32_t block) noexcept nogil:
    """Verifies and decodes a block; false = damaged, and the cursor says so from now on."""
    cdef const uint8_t* at = cursor.blocks
    cdef const uint8_t* end = cursor.end
    cdef uint32_t i, value = 0, delta, shift, wanted
    cursor.block = block
    cursor.at = 0
    cursor.n_values = 0
    wanted = cursor.count - block * POSTING_BLOCK
    if wanted > POSTING_BLOCK:
        wanted = POSTING_BLOCK
    if cursor.skips != NULL:
        if cursor.skips[block].offset > <uint64_t>(end - at):
            cursor.damaged = True
            return False
        at += cursor.skips[block].offset
        if block + 1 < cursor.n_blocks:
            if (cursor.skips[block + 1].offset < cursor.skips[block].offset
                    or cursor.skips[block + 1].offset > <uint64_t>(end - cursor.blocks)):
                cursor.damaged = True
                return False
            end = cursor.blocks + cursor.skips[block + 1].offset
        if <uint32_t>XXH3_64bits(at, end - at) != cursor.skips[block].checksum:
            cursor.damaged = True
            return False
    for i in range(wanted):
        delta = 0
        shift = 0
        while True:
            if at == end or shift > 28:
                cursor.damaged = True
                return False
            delta |= <uint32_t>(at[0] & 0x7F) << shift
            at += 1
            if at[-1] < 0x80:
                break
            shift += 7
        value += delta
        cursor.values[i] = value
    cursor.n_values = wanted
    return True


cdef int64_t posting_open(const NamesFile* names, uint64_t hash, PostingCursor* cursor) noexcept nogil:
    cdef const TokenEntry* token = _find(names, hash)
    cdef uint64_t table
    cursor.damaged = False
    cursor.skips = NULL
    cursor.blocks = cursor.end = NULL
    cursor.count = cursor.n_blocks = cursor.block = cursor.at = cursor.n_values = 0
    if token == NULL:
        return 0
    if token.offset < HEADER_SIZE or token.offset > names.size or token.length > names.size - token.offset or not token.count:
        cursor.damaged = True
        return -1
    cursor.count = token.count
    cursor.n_blocks = (token.count - 1) // POSTING_BLOCK + 1
    cursor.blocks = names.data + token.offset
    cursor.end = cursor.blocks + token.length
    table = token.length
    if cursor.n_blocks > 1:
        table = cursor.n_blocks * sizeof(SkipEntry)
        if token.offset & 3 or table > token.length:
            cursor.damaged = True
            return -1
        cursor.skips = <const SkipEntry*>cursor.blocks
        cursor.blocks += table
    if XXH3_64bits(names.data + token.offset, table) != token.checksum or not _enter(cursor, 0):
        cursor.damaged = True
        return -1
    return cursor.count


cdef uint32_t posting_next(PostingCursor* cursor) noexcept nogil:
    cdef uint32_t value
    if cursor.damaged:
        return POSTING_DAMAGED
    if cursor.at == cursor.n_values:
        if cursor.block + 1 >= cursor.n_blocks:
            return POSTING_END
        if not _enter(cursor, cursor.block + 1):
            return POSTING_DAMAGED
    value = cursor.values[cursor.at]
    cursor.at += 1
    return value


cdef uint32_t posting_seek(PostingCursor* cursor, uint32_t entity) noexcept nogil:
    cdef uint32_t low, high, middle
    if cursor.damaged:
        return POSTING_DAMAGED
    if cursor.n_blocks == 0:
        return POSTING_END
    if cursor.values[cursor.n_values - 1] < entity and cursor.block + 1 < cursor.n_blocks:
        low = cursor.block  # the last block that starts at or before `entity`
        high = cursor.n_blocks - 1
        while low < high:
            middle = low + (high - low + 1) // 2
            if cursor.skips[middle].first <= entity:
                low = middle
            else:
                high = middle - 1
        if low > cursor.block and not _enter(cursor, low):
            return POSTING_DAMAGED
    low = cursor.at
    high = cursor.n_values
    while low < high:
        middle = (low + high) // 2
        if cursor.values[middle] < entity:
            low = middle + 1
        else:
            high = middle
    cursor.at = low
    return posting_next(cursor)


def phonetic_token_hash(bytes phonetic_key, /):
    return token_hash(PyBytes_AS_STRING(phonetic_key), PyBytes_GET_SIZE(phonetic_key))


def read_postings(bytes data, hash, seeks, /):
    cdef NamesFile names
    cdef PostingCursor cursor
    cdef uint32_t entity
    cdef uint64_t wanted = hash
    cdef const char* why = names_open(&names, <const uint8_t*>PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data))
    if why != NULL:
        raise ValueError(why.decode())
    if posting_open(&names, wanted, &cursor) < 0:
        raise ValueError("the list is damaged")
    found = []
    if seeks is not None:
        for seek in seeks:
            entity = posting_seek(&cursor, seek)
            if entity == <uint32_t>POSTING_DAMAGED:
                raise ValueError("a block is damaged")
            found.append(entity)
        return found
    while True:
        entity = posting_next(&cursor)
        if entity == <uint32_t>POSTING_END:
            return found
        if entity == <uint32_t>POSTING_DAMAGED:
            raise ValueError("a block is damaged")
        found.append(entity)
