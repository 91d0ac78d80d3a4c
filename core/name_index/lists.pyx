"""A token's data in names.bin: its list of ordinals, and the terms that find it. Nothing here is for Python."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport qsort
from libc.string cimport memcpy, memset

from core.files.output cimport OutputFile
from core.machine.xxhash cimport XXH3_64bits, XXH3_64bits_withSeed
from core.name_index.file cimport (
    DENSE_PAGE, DENSE_SHARE, FIRST_TOKEN, LIST_BLOCK, TOKEN_ID_BITS, SkipEntry, TokenBrief, TokenEntry,
)
from core.names.frequencies cimport BITS_UNKNOWN, bits_of_count
from core.names.tokens cimport TERMS_MAX, TokenForm, form_token, token_terms
from core.wire cimport Buffer, buffer_reserve, buffer_reset, put_raw, put_varint

cdef enum:
    DISTANT_SEED = 2             # keeps these terms apart from those of core/name_tokens
    ABBREVIATION_SEED = 3
    DENSE_LEAST = 256            # ordinals; a shorter list is not worth a bit an ordinal


cdef inline uint32_t _read_delta(const uint8_t** at) noexcept nogil:
    cdef uint32_t delta = 0, shift = 0
    while True:
        delta |= <uint32_t>(at[0][0] & 0x7F) << shift
        shift += 7
        at[0] += 1
        if at[0][-1] < 0x80:
            return delta


cdef void _put_dense(OutputFile file, const GrowingToken* token, uint32_t n_ordinals, ListMemory* memory, TokenEntry* entry) noexcept nogil:
    """A bit an ordinal, then a checksum a page."""
    cdef uint64_t size = (<uint64_t>n_ordinals + 63) // 64 * 8, start = 0
    cdef const uint8_t* at = token.list
    cdef uint32_t _i, value = 0, checksum
    memset(memory.bits, 0, size)
    for _i in range(token.count):
        value += _read_delta(&at)
        memory.bits[value >> 6] |= <uint64_t>1 << (value & 63)
    while start < size:
        checksum = <uint32_t>XXH3_64bits(<const uint8_t*>memory.bits + start, min(<uint64_t>DENSE_PAGE, size - start))
        put_raw(&memory.skips, &checksum, 4)
        start += DENSE_PAGE
    file.align(8)
    entry.offset = file.position()
    entry.length = <uint32_t>(size + memory.skips.size)
    entry.checksum = <uint32_t>XXH3_64bits(memory.skips.data, memory.skips.size)
    file.put(memory.bits, size)
    file.put(memory.skips.data, memory.skips.size)


cdef void _end_block(ListMemory* memory, SkipEntry* skip) noexcept nogil:
    skip.checksum = <uint32_t>XXH3_64bits(memory.blocks.data + skip.offset, memory.blocks.size - skip.offset)
    put_raw(&memory.skips, skip, sizeof(SkipEntry))


cdef void _put_blocks(OutputFile file, const GrowingToken* token, ListMemory* memory, TokenEntry* entry) noexcept nogil:
    """Blocks of differences, before them a table of where each starts; of one block none."""
    cdef SkipEntry skip
    cdef const uint8_t* at = token.list
    cdef uint32_t i, value = 0, delta
    for i in range(token.count):
        delta = _read_delta(&at)
        value += delta
        if i % LIST_BLOCK:
            put_varint(&memory.blocks, delta)
            continue
        if i:
            _end_block(memory, &skip)
        skip.first = value
        skip.offset = <uint32_t>memory.blocks.size
        put_varint(&memory.blocks, value)
    if token.count > LIST_BLOCK:
        _end_block(memory, &skip)
        file.align(4)
        entry.offset = file.position()
        entry.checksum = <uint32_t>XXH3_64bits(memory.skips.data, memory.skips.size)
        file.put(memory.skips.data, memory.skips.size)
    elif token.count:
        entry.checksum = <uint32_t>XXH3_64bits(memory.blocks.data, memory.blocks.size)
    entry.length = <uint32_t>(memory.skips.size + memory.blocks.size)
    if token.count:
        file.put(memory.blocks.data, memory.blocks.size)


cdef void put_list(OutputFile file, const GrowingToken* token, uint32_t persons, uint32_t n_ordinals, ListMemory* memory) noexcept nogil:
    cdef TokenEntry entry
    memset(&entry, 0, sizeof(entry))
    entry.count = token.count
    entry.persons = persons
    entry.text = token.text
    entry.text_length = token.text_length
    entry.offset = file.position()
    entry.dense = token.count >= DENSE_LEAST and <uint64_t>token.count * DENSE_SHARE >= n_ordinals
    buffer_reset(&memory.skips)
    buffer_reset(&memory.blocks)
    if entry.dense:
        _put_dense(file, token, n_ordinals, memory, &entry)
    else:
        _put_blocks(file, token, memory, &entry)
    put_raw(&memory.entries, &entry, sizeof(entry))


cdef void put_briefs(const GrowingToken* tokens, uint32_t n_tokens, const Sound* sounds, const uint8_t* texts, uint32_t population,
                     Buffer* out) noexcept nogil:
    cdef TokenBrief brief
    cdef uint32_t id, persons
    for id in range(n_tokens):
        persons = sounds[tokens[id].sound].persons if id >= FIRST_TOKEN else 0
        brief.bits = BITS_UNKNOWN
        if persons:
            brief.bits = bits_of_count(persons, max(population, <uint32_t>1))
        brief.length = tokens[id].text_length
        brief.initial = texts[tokens[id].text] if brief.length else 0
        put_raw(out, &brief, sizeof(brief))


cdef int distant_terms(const TokenForm* form, uint64_t* out) noexcept nogil:
    cdef uint8_t once[256]       # wider than needed: the compiler cannot see that the length is bounded
    cdef uint8_t twice[256]
    cdef int length = form.length, i, j, n = 1
    if length < DISTANT_LEAST or length > DISTANT_MOST:
        return 0
    out[0] = XXH3_64bits_withSeed(form.letters, length, DISTANT_SEED)
    for i in range(length):
        memcpy(once, form.letters, i)
        memcpy(once + i, form.letters + i + 1, length - i - 1)
        out[n] = XXH3_64bits_withSeed(once, length - 1, DISTANT_SEED)
        n += 1
        for j in range(i, length - 1):
            memcpy(twice, once, j)
            memcpy(twice + j, once + j + 1, length - j - 2)
            out[n] = XXH3_64bits_withSeed(twice, length - 2, DISTANT_SEED)
            n += 1
    return n


cdef uint64_t abbreviation_term(const TokenForm* form, bint of_short, bint asked) noexcept nogil:
    cdef uint8_t key[3]
    cdef int i
    if of_short:
        if not 3 <= form.length <= 4:
            return 0
        for i in range(form.length):
            if form.letters[i] in (c"A", c"E", c"I", c"O", c"U") or form.letters[i] <= c"9":
                return 0
    elif form.length < 5:
        return 0
    key[0] = of_short != asked
    key[1] = form.letters[0]
    key[2] = form.letters[form.length - 1]
    return XXH3_64bits_withSeed(key, 3, ABBREVIATION_SEED)


cdef int _by_value(const void* a, const void* b) noexcept nogil:
    cdef uint64_t left = (<const uint64_t*>a)[0], right = (<const uint64_t*>b)[0]
    return (left > right) - (left < right)


cdef void collect_terms(const GrowingToken* tokens, uint32_t n_tokens, const uint8_t* texts, Buffer* pairs) noexcept nogil:
    cdef TokenForm form
    cdef uint64_t terms[TERMS_MAX + 3 + DISTANT_TERMS_MAX]
    cdef Term pair
    cdef uint32_t id
    cdef int i, n
    for id in range(FIRST_TOKEN, n_tokens):
        form_token(texts + tokens[id].text, tokens[id].text_length, &form)
        n = token_terms(&form, terms)
        terms[n] = tokens[id].hash
        n += 1
        n += distant_terms(&form, terms + n)
        for i in range(2):
            terms[n] = abbreviation_term(&form, i, False)
            n += terms[n] != 0
        qsort(terms, n, sizeof(uint64_t), _by_value)
        pair.id = id
        for i in range(n):
            if i == 0 or terms[i] != terms[i - 1]:
                pair.term = terms[i]
                put_raw(pairs, &pair, sizeof(pair))


cdef void bucket_terms(const Term* pairs, uint32_t n, uint32_t bits, Buffer* starts, Buffer* packed) noexcept nogil:
    cdef uint64_t n_buckets = <uint64_t>1 << bits, bucket
    cdef uint32_t i, at
    cdef uint32_t* counts
    cdef uint32_t* values
    if not buffer_reserve(starts, (n_buckets + 1) * 4) or not buffer_reserve(packed, <size_t>n * 4 + 4):
        return
    counts = <uint32_t*>starts.data
    values = <uint32_t*>packed.data
    memset(counts, 0, (n_buckets + 1) * 4)
    for i in range(n):
        counts[(pairs[i].term >> (64 - bits)) + 1] += 1
    for bucket in range(n_buckets):
        counts[bucket + 1] += counts[bucket]
    for i in range(n):
        bucket = pairs[i].term >> (64 - bits)
        at = counts[bucket]
        values[at] = (<uint32_t>(pairs[i].term >> 8) & 0x3FF) << TOKEN_ID_BITS | pairs[i].id
        counts[bucket] += 1
    bucket = n_buckets
    while bucket > 0:            # each now stands where its bucket ends
        counts[bucket] = counts[bucket - 1]
        bucket -= 1
    counts[0] = 0
    starts.size = (n_buckets + 1) * 4
    packed.size = <size_t>n * 4
