"""names.bin, the reader (see core/name_index/file.pxd for the bytes). Nothing here is for Python."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcmp, memset

from core.files.layout cimport HEADER_SIZE, TRAILER_SIZE, FileTrailer
from core.machine.invariant cimport LAYOUT, LAYOUT_PLACE
from core.machine.prefetch cimport prefetch
from core.machine.xxhash cimport XXH3_64bits, XXH3_64bits_withSeed

cdef extern from *:
    """
    #define ronda_load_byte(at) __atomic_load_n((at), __ATOMIC_RELAXED)
    #define ronda_store_byte(at, value) __atomic_store_n((at), (uint8_t)(value), __ATOMIC_RELAXED)
    """
    uint8_t load_byte "ronda_load_byte"(const uint8_t* at) noexcept nogil
    void store_byte "ronda_store_byte"(uint8_t* at, uint8_t value) noexcept nogil

cdef enum:
    BUCKET_BITS_MAX = 26


# ---- opening ----

cdef inline bint _inside(const NamesTables* tables, uint64_t start, uint64_t end, uint64_t offset, uint64_t count,
                         uint64_t size) noexcept nogil:
    """Returns whether a table of `count` items of `size` bytes lies in [start, end) and is aligned for them."""
    return offset >= start and offset <= end and offset % min(size, <uint64_t>8) == 0 and count <= (end - offset) // size


cdef bint _lists_inside(const NamesFile* names, uint64_t end) noexcept nogil:
    """Returns whether every token's text and list lie in their area of the file."""
    cdef const TokenEntry* token
    cdef uint32_t i
    for i in range(names.tables.n_tokens):
        token = &names.tokens[i]
        if token.text > names.tables.texts_size or token.text_length > names.tables.texts_size - token.text:
            return False
        if token.offset < HEADER_SIZE or token.offset > end or token.length > end - token.offset:
            return False
        if i >= FIRST_TOKEN and (token.text_length == 0 or token.count == 0):
            return False
    return True


cdef bint _terms_inside(const NamesFile* names) noexcept nogil:
    cdef uint64_t i, n = <uint64_t>1 << names.tables.bucket_bits
    for i in range(n):
        if names.buckets[i] > names.buckets[i + 1]:
            return False
    if names.buckets[0] != 0 or names.buckets[n] != names.tables.n_terms:
        return False
    for i in range(names.tables.n_terms):
        if names.terms[i] & TOKEN_ID_MASK >= names.tables.n_tokens:
            return False
    for i in range(names.tables.n_strays):
        if names.strays[i] >= names.tables.n_entities:
            return False
    for i in range(YEARS + 1):
        if names.years[i] > names.tables.n_entities or (i and names.years[i] < names.years[i - 1]):
            return False
    return True


cdef inline void _hold_layout() noexcept nogil:
    """The bytes on disk; a change of them needs another format version."""
    LAYOUT(sizeof(SkipEntry) == 12)
    LAYOUT(sizeof(TokenEntry) == 32)
    LAYOUT_PLACE(<size_t>&(<TokenEntry*>NULL).checksum == 24)
    LAYOUT(sizeof(TokenBrief) == 4)
    LAYOUT(sizeof(NamesTables) == 120)
    LAYOUT_PLACE(<size_t>&(<NamesTables*>NULL).n_tokens == 88)


cdef const char* names_open(NamesFile* names, const uint8_t* data, uint64_t size) noexcept nogil:
    cdef const FileTrailer* trailer
    cdef const NamesTables* tables
    cdef uint64_t end, start
    _hold_layout()
    if size < HEADER_SIZE + TRAILER_SIZE:
        return "too short to be one"
    trailer = <const FileTrailer*>(data + size - TRAILER_SIZE)
    if memcmp(trailer.magic, b"RNDNAMES", 8) != 0 or trailer.checksum != XXH3_64bits(trailer, TRAILER_SIZE - 8):
        return "its end is damaged"
    end = size - TRAILER_SIZE
    start = trailer.table
    if start & 7 or start < HEADER_SIZE or start > end or end - start < sizeof(NamesTables) or trailer.count != sizeof(NamesTables):
        return "its end points outside it"
    if trailer.table_checksum != XXH3_64bits(data + start, end - start):
        return "its tables are damaged"
    end -= sizeof(NamesTables)
    tables = <const NamesTables*>(data + end)
    names.data = data
    names.size = size
    names.tables = tables
    if (tables.bucket_bits > BUCKET_BITS_MAX or tables.n_tokens < FIRST_TOKEN or tables.n_tokens > TOKENS_ON_FILE_MAX
            or tables.n_strays > tables.n_entities or tables.n_entities >= <uint32_t>0x70000000
            or not _inside(tables, start, end, tables.tokens, tables.n_tokens, sizeof(TokenEntry))
            or not _inside(tables, start, end, tables.briefs, tables.n_tokens, sizeof(TokenBrief))
            or not _inside(tables, start, end, tables.texts, tables.texts_size, 1)
            or not _inside(tables, start, end, tables.buckets, (<uint64_t>1 << tables.bucket_bits) + 1, 4)
            or not _inside(tables, start, end, tables.terms, tables.n_terms, 4)
            or not _inside(tables, start, end, tables.strays, tables.n_strays, 4)
            or not _inside(tables, start, end, tables.years, YEARS + 1, 4)
            or not _inside(tables, start, end, tables.classes, tables.n_classes, 2) or tables.n_classes > 255):
        return "its tables point outside them"
    names.n_ordinals = tables.n_entities + tables.n_strays
    if (not _inside(tables, HEADER_SIZE, start, tables.rows_at, <uint64_t>names.n_ordinals + 1, 4)
            or tables.rows_size > start - HEADER_SIZE):
        return "its rows lie outside it"
    names.rows_at = <const uint32_t*>(data + tables.rows_at)
    names.tokens = <const TokenEntry*>(data + tables.tokens)
    names.briefs = <const TokenBrief*>(data + tables.briefs)
    names.texts = data + tables.texts
    names.buckets = <const uint32_t*>(data + tables.buckets)
    names.terms = <const uint32_t*>(data + tables.terms)
    names.strays = <const uint32_t*>(data + tables.strays)
    names.years = <const uint32_t*>(data + tables.years)
    names.classes = data + tables.classes
    if not _lists_inside(names, start) or not _terms_inside(names):
        return "its tables contradict themselves"
    if not _count_pages(names):
        return "out of memory"
    return NULL


cdef inline uint64_t _dense_bytes(const NamesFile* names) noexcept nogil:
    return (<uint64_t>names.n_ordinals + 63) // 64 * 8


cdef inline uint64_t _dense_pages(const NamesFile* names) noexcept nogil:
    return (_dense_bytes(names) + DENSE_PAGE - 1) // DENSE_PAGE


cdef bint _count_pages(NamesFile* names) noexcept nogil:
    """Makes room to note which pages are verified; false = out of memory."""
    cdef uint32_t i, n = 0
    names.dense_before = <uint32_t*>malloc(names.tables.n_tokens * sizeof(uint32_t))
    if names.dense_before == NULL:
        return False
    for i in range(names.tables.n_tokens):
        names.dense_before[i] = n
        n += names.tokens[i].dense != 0
    names.pages_well = <uint8_t*>calloc(n * _dense_pages(names) + 1, 1)
    if names.pages_well == NULL:
        names_close(names)
        return False
    return True


cdef void names_close(NamesFile* names) noexcept nogil:
    free(names.dense_before)
    free(names.pages_well)
    names.dense_before = NULL
    names.pages_well = NULL
    names.n_ordinals = 0


# ---- tokens ----

cdef inline uint64_t _bucket(const NamesFile* names, uint64_t term) noexcept nogil:
    return term >> (64 - names.tables.bucket_bits) if names.tables.bucket_bits else 0


cdef void prefetch_terms(const NamesFile* names, const uint64_t* terms, int n) noexcept nogil:
    cdef int i
    for i in range(n):
        prefetch(&names.buckets[_bucket(names, terms[i])])
    for i in range(n):
        prefetch(&names.terms[names.buckets[_bucket(names, terms[i])]])


cdef int term_tokens(const NamesFile* names, uint64_t term, uint32_t* out, int cap) noexcept nogil:
    cdef uint64_t bucket = _bucket(names, term)
    cdef uint32_t fingerprint = <uint32_t>(term >> 8) & 0x3FF
    cdef uint32_t i
    cdef int n = 0
    for i in range(names.buckets[bucket], names.buckets[bucket + 1]):
        if names.terms[i] >> TOKEN_ID_BITS == fingerprint and n < cap:
            out[n] = names.terms[i] & TOKEN_ID_MASK
            n += 1
    return n


cdef uint32_t token_find(const NamesFile* names, const uint8_t* letters, size_t length) noexcept nogil:
    cdef uint32_t ids[64]
    cdef const TokenEntry* token
    cdef int i, n
    if length == 0:
        return 0
    n = term_tokens(names, letters_term(letters, length), ids, 64)
    for i in range(n):
        token = &names.tokens[ids[i]]
        if token.text_length == length and memcmp(names.texts + token.text, letters, length) == 0 and ids[i] >= FIRST_TOKEN:
            return ids[i]
    return 0


# ---- lists ----

cdef int list_open(const NamesFile* names, uint32_t token, ListCursor* cursor) noexcept nogil:
    cdef const TokenEntry* entry
    cdef uint64_t table, pages
    cursor.blocks = cursor.end = cursor.at = cursor.block_end = NULL
    cursor.skips = NULL
    cursor.pages_well = NULL
    cursor.n_blocks = cursor.block = cursor.left = cursor.value = cursor.count = 0
    cursor.dense = cursor.started = False
    if token >= names.tables.n_tokens:
        return -1
    entry = &names.tokens[token]
    cursor.count = entry.count
    cursor.blocks = names.data + entry.offset
    cursor.end = cursor.blocks + entry.length
    if entry.count == 0:
        return 0
    if entry.dense:
        cursor.dense = True
        table = _dense_bytes(names)
        pages = _dense_pages(names)
        cursor.pages_well = names.pages_well + names.dense_before[token] * pages
        if entry.offset & 7 or entry.length != table + 4 * pages:
            return -1
        cursor.end = cursor.blocks + table
        if <uint32_t>XXH3_64bits(cursor.end, 4 * pages) != entry.checksum:
            return -1
        return 0
    cursor.n_blocks = (entry.count - 1) // LIST_BLOCK + 1
    table = entry.length
    if cursor.n_blocks > 1:
        table = <uint64_t>cursor.n_blocks * sizeof(SkipEntry)
        if entry.offset & 3 or table > entry.length:
            return -1
        cursor.skips = <const SkipEntry*>cursor.blocks
        cursor.blocks += table
    if <uint32_t>XXH3_64bits(names.data + entry.offset, table) != entry.checksum:
        return -1
    return 0


cdef bint _enter(ListCursor* cursor, uint32_t block) noexcept nogil:
    """Verifies a block and stands before its first ordinal; false = damaged."""
    cdef const uint8_t* at = cursor.blocks
    cdef const uint8_t* end = cursor.end
    cdef uint64_t size = end - at
    cursor.block = block
    cursor.left = min(cursor.count - block * LIST_BLOCK, <uint32_t>LIST_BLOCK)
    cursor.value = 0
    if cursor.skips != NULL:
        if cursor.skips[block].offset > size:
            return False
        at += cursor.skips[block].offset
        if block + 1 < cursor.n_blocks:
            if cursor.skips[block + 1].offset < cursor.skips[block].offset or cursor.skips[block + 1].offset > size:
                return False
            end = cursor.blocks + cursor.skips[block + 1].offset
        if <uint32_t>XXH3_64bits(at, end - at) != cursor.skips[block].checksum:
            return False
    cursor.at = at
    cursor.block_end = end
    return True


cdef int64_t _dense_bits(const NamesFile* names, ListCursor* cursor, uint32_t start, uint32_t size, uint64_t* words) noexcept nogil:
    cdef const uint32_t* checksums = <const uint32_t*>cursor.end
    cdef uint64_t bytes_size = cursor.end - cursor.blocks, page, at, length
    cdef const uint64_t* held
    cdef uint32_t i, n
    if start // 8 >= bytes_size:
        return 0
    n = size // 64
    if start // 64 + <uint64_t>n > bytes_size // 8:
        n = <uint32_t>(bytes_size // 8 - start // 64)
    for page in range(start // 8 // DENSE_PAGE, (start // 8 + <uint64_t>n * 8 + DENSE_PAGE - 1) // DENSE_PAGE):
        if load_byte(&cursor.pages_well[page]):
            continue
        at = page * DENSE_PAGE
        length = min(<uint64_t>DENSE_PAGE, bytes_size - at)
        if <uint32_t>XXH3_64bits(cursor.blocks + at, length) != checksums[page]:
            return -1
        store_byte(&cursor.pages_well[page], 1)
    held = <const uint64_t*>cursor.blocks + start // 64
    for i in range(n):
        words[i] |= held[i]
    return n // 4


cdef inline uint32_t _last_block_before(const ListCursor* cursor, uint32_t start) noexcept nogil:
    """The last block that starts at or before `start`; the one behind the cursor's does."""
    cdef uint32_t low = cursor.block + 1, high = cursor.n_blocks - 1, middle
    while low < high:
        middle = low + (high - low + 1) // 2
        if cursor.skips[middle].first <= start:
            low = middle
        else:
            high = middle - 1
    return low


cdef int64_t list_bits(const NamesFile* names, ListCursor* cursor, uint32_t start, uint32_t size, uint64_t* words) noexcept nogil:
    cdef uint32_t value, delta, shift, left
    cdef int64_t seen = 0
    cdef const uint8_t* at
    cdef const uint8_t* end
    if cursor.dense:
        return _dense_bits(names, cursor, start, size, words)
    if cursor.count == 0 or cursor.block >= cursor.n_blocks:
        return 0
    # blocks that end before the window are left out, unverified
    if cursor.skips != NULL and cursor.block + 1 < cursor.n_blocks and cursor.skips[cursor.block + 1].first <= start:
        cursor.block = _last_block_before(cursor, start)
        cursor.started = False
    while True:
        # a block is verified once, and only when it may reach into the window
        if not cursor.started:
            if cursor.skips != NULL and cursor.skips[cursor.block].first >= start and (
                    cursor.skips[cursor.block].first - start >= size):
                return seen
            if not _enter(cursor, cursor.block):
                return -1
            cursor.started = True
        # its ordinals, from where the last window stopped
        at = cursor.at
        end = cursor.block_end
        value = cursor.value
        left = cursor.left
        seen += left
        while left:
            # a delta is read, and taken back when it leads behind the window
            cursor.at = at
            delta = 0
            if end - at >= 2 and at[0] & at[1] < 0x80:
                # one byte or two: most deltas are near 128, where a branch would often be guessed wrong
                shift = at[0] >> 7
                delta = (at[0] & 0x7F) | (<uint32_t>at[1] << 7 & -shift)
                at += 1 + shift
            else:
                shift = 0
                while True:
                    if at == end or shift > 28:
                        return -1
                    delta |= <uint32_t>(at[0] & 0x7F) << shift
                    at += 1
                    if at[-1] < 0x80:
                        break
                    shift += 7
            # each is greater than the last and on file
            delta += value
            if delta >= names.n_ordinals or (delta < value):
                return -1
            if delta >= start:
                if delta - start >= size:
                    cursor.value = value
                    cursor.left = left
                    return seen - left
                words[(delta - start) >> 6] |= <uint64_t>1 << ((delta - start) & 63)
            value = delta
            left -= 1
        # and the next block
        cursor.block += 1
        cursor.started = False
        if cursor.block >= cursor.n_blocks:
            return seen


# ---- rows ----

cdef int rows_open(const NamesFile* names, uint32_t ordinal, const uint8_t** at, const uint8_t** end) noexcept nogil:
    cdef uint64_t start, stop
    cdef uint32_t checksum
    cdef const uint8_t* block
    if ordinal >= names.n_ordinals:
        return -1
    start = 2 * <uint64_t>names.rows_at[ordinal]
    stop = 2 * <uint64_t>names.rows_at[ordinal + 1]
    if stop < start + 4 or stop > names.tables.rows_size:
        return -1
    block = names.data + HEADER_SIZE + start
    checksum = block[0] | <uint32_t>block[1] << 8 | <uint32_t>block[2] << 16 | <uint32_t>block[3] << 24
    if checksum != <uint32_t>XXH3_64bits_withSeed(block + 4, stop - start - 4, ordinal):
        return -1
    at[0] = block + 4
    end[0] = block + (stop - start)
    return 0


cdef int rows_next(const NamesFile* names, const uint8_t** at, const uint8_t* end, NameRow* row) noexcept nogil:
    cdef const uint8_t* block = at[0]
    cdef uint32_t birth, facts
    cdef uint8_t count
    if end - block < NAME_ROW_BYTES:
        return 0                 # what is left is at most the byte that fills up to a multiple of 2
    row.head = block[0]
    row.row_class = block[1]
    birth = block[2] | <uint32_t>block[3] << 8 | <uint32_t>block[4] << 16
    facts = block[5] | <uint32_t>block[6] << 8 | <uint32_t>block[7] << 16
    row.birth_year = <uint16_t>(birth >> 9)
    row.birth_month = <uint8_t>(birth >> 5 & 15)
    row.birth_mday = <uint8_t>(birth & 31)
    row.sex = <uint8_t>(facts & 3)
    row.birth_department = <uint8_t>(facts >> 2 & 31)
    row.residence_department = <uint8_t>(facts >> 7 & 31)
    row.municipality = <uint16_t>(facts >> 12)
    if row.row_class >= names.tables.n_classes:
        return -1
    block += NAME_ROW_BYTES
    count = row.head & NAME_ROW_TOKENS
    if count != NAME_ROW_SAME:
        if count > NAME_ROW_TOKENS_MAX or end - block < 3 * count:
            return -1
        row.n_tokens = count
        row.tokens = block
        block += 3 * count
    elif row.tokens == NULL:
        return -1
    at[0] = block
    return 1


cdef bint rows_hold(const uint8_t* rows, size_t size, const uint8_t* row, size_t length) noexcept nogil:
    cdef const uint8_t* at = rows
    cdef const uint8_t* end = rows + size
    cdef const uint8_t* tokens = NULL
    cdef uint8_t count = 0, wanted = row[0] & NAME_ROW_TOKENS
    while at < end:
        if at[0] & NAME_ROW_TOKENS != NAME_ROW_SAME:
            count = at[0] & NAME_ROW_TOKENS
            tokens = at + NAME_ROW_BYTES
        if count == wanted and (at[0] ^ row[0]) & <uint8_t>(~NAME_ROW_TOKENS) == 0 and memcmp(
                at + 1, row + 1, NAME_ROW_BYTES - 1) == 0 and (
                count == 0 or memcmp(tokens, row + NAME_ROW_BYTES, 3 * count) == 0):
            return True
        at += NAME_ROW_BYTES
        if at[-<int>NAME_ROW_BYTES] & NAME_ROW_TOKENS != NAME_ROW_SAME:
            at += 3 * count
    return False


cdef bint names_whole(const NamesFile* names) except -1:
    cdef const uint8_t* at
    cdef const uint8_t* end
    cdef NameRow row
    cdef ListCursor cursor
    cdef uint32_t ordinal = 0, id = 0, words = (names.n_ordinals + 63) // 64
    cdef int status = 0
    cdef uint64_t* bits = <uint64_t*>malloc(max(words, <uint32_t>1) * 8)
    if bits == NULL:
        raise MemoryError
    with nogil:
        while status >= 0 and ordinal < names.n_ordinals:
            status = rows_open(names, ordinal, &at, &end)
            memset(&row, 0, sizeof(row))
            while status >= 0:
                status = rows_next(names, &at, end, &row)
                if status == 0:
                    break
            ordinal += 1
        while status >= 0 and id < names.tables.n_tokens:
            status = list_open(names, id, &cursor)
            if status >= 0 and list_bits(names, &cursor, 0, words * 64, bits) < 0:
                status = -1
            id += 1
    free(bits)
    return status >= 0
