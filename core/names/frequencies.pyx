"""The information of a token of a name (docs/names.md, "Frequencies"), in hundredths of a bit.

Tokens are known by their phonetic key: a rare misspelling has no more information than the name it stands for.
"""

from libc.math cimport floor, log2
from libc.stdlib cimport calloc, free

from core.machine.xxhash cimport XXH3_64bits
from core.names.folding cimport FoldedName, fold_name
from core.names.phonetic cimport phonetic_symbols

include "frequencies.pxi"

cdef FrequencyTable BUILT_IN


cdef inline uint64_t hash_of(const uint8_t* key, size_t n) noexcept nogil:
    return XXH3_64bits(key, n) | 1  # 0 marks a free slot


cdef int make(FrequencyTable* table, size_t tokens) except -1:
    cdef uint64_t slots = 64
    while slots < 2 * tokens:
        slots *= 2
    table.hash = <uint64_t*>calloc(slots, sizeof(uint64_t))
    table.bits = <int16_t*>calloc(slots, sizeof(int16_t))
    table.given = <int16_t*>calloc(slots, sizeof(int16_t))
    if table.hash == NULL or table.bits == NULL or table.given == NULL:
        drop(table)
        raise MemoryError
    table.slots = slots
    return 0


cdef void drop(FrequencyTable* table) noexcept nogil:
    free(table.hash)
    free(table.bits)
    free(table.given)
    table.hash = NULL
    table.bits = table.given = NULL
    table.slots = 0


# The token's slot, or the free slot for it.
cdef inline uint64_t slot_of(const FrequencyTable* table, const uint8_t* key, size_t n) noexcept nogil:
    cdef uint64_t wanted = hash_of(key, n)
    cdef uint64_t slot = wanted & (table.slots - 1)
    while table.hash[slot] and table.hash[slot] != wanted:
        slot = (slot + 1) & (table.slots - 1)
    return slot


cdef int16_t token_bits(const FrequencyTable* table, const uint8_t* key, size_t n) noexcept nogil:
    cdef uint64_t slot
    if table == NULL:
        table = &BUILT_IN
    slot = slot_of(table, key, n)
    return table.bits[slot] if table.hash[slot] else BITS_UNKNOWN


cdef int16_t token_givenness(const uint8_t* key, size_t n) noexcept nogil:
    cdef uint64_t slot = slot_of(&BUILT_IN, key, n)
    return BUILT_IN.given[slot]


cdef bint token_known(const uint8_t* key, size_t n) noexcept nogil:
    return BUILT_IN.hash[slot_of(&BUILT_IN, key, n)] != 0


cdef int16_t bits_of_count(double count, double population) noexcept nogil:
    cdef double bits
    if not count > 0 or not population > 0:
        return BITS_MOST
    bits = floor(100 * log2(population / count) + 0.5)
    if bits < BITS_LEAST:
        return BITS_LEAST
    return BITS_MOST if bits > BITS_MOST else <int16_t>bits


cdef int put(FrequencyTable* table, const uint8_t* key, size_t n, int bits, int given) noexcept nogil:
    """Adds a token; one already there becomes as common as both say, and both a given name and a surname."""
    cdef uint64_t slot = slot_of(table, key, n)
    if table.hash[slot]:
        table.bits[slot] = min(table.bits[slot], <int16_t>bits)
        if (given > 0) != (table.given[slot] > 0):
            table.given[slot] += <int16_t>given
        return 0
    table.hash[slot] = hash_of(key, n)
    table.bits[slot] = <int16_t>bits
    table.given[slot] = <int16_t>given
    return 0


def _lines(str text):
    for line in text.split("\n"):
        if line:
            bits, _, tokens = line.partition(":")
            yield int(bits), tokens.split()


# How sure a token in only one of the lists says whether it is a given name: the commoner, the surer.
cdef int fill_built_in() except -1:
    cdef FoldedName name
    cdef uint8_t key[64]
    cdef bytes text
    cdef int n
    make(&BUILT_IN, 4096)
    for surname, table in enumerate((GIVEN_NAMES, SURNAMES)):
        for bits, tokens in _lines(table):
            for token in tokens:
                text = token.encode()
                fold_name(<const unsigned char*>(<char*>text), len(text), &name)
                n = phonetic_symbols(name.letters[0], name.length[0], key)
                put(&BUILT_IN, key, n, bits, bits - 1400 if surname else 1400 - bits)
    return 0


fill_built_in()


def given_names() -> list[str]:
    """Given names of the built-in table, folded, the commonest first."""
    return [token for _, tokens in sorted(_lines(GIVEN_NAMES)) for token in tokens]


cdef class NameFrequencies:
    """The number of persons, of `population`, that bear a token of each phonetic key.

    Keys missing in `counts` have the information of an unknown token. Raises ValueError for an empty key or one over 64
    symbols, a negative count, or a population that is not above 0.
    """

    def __cinit__(self, counts, double population):
        cdef bytes key
        if not population > 0:
            raise ValueError("population must be above 0")
        make(&self.table, len(counts))
        for text, count in counts.items():
            key = text.encode("ascii")
            if not 0 < len(key) <= 64:
                raise ValueError("a phonetic key has 1 to 64 symbols")
            if not count >= 0:
                raise ValueError("a count of bearers must not be negative")
            put(&self.table, <const uint8_t*>(<char*>key), len(key), bits_of_count(count, population), 0)

    def __dealloc__(self):
        drop(&self.table)

    def bits(self, phonetic_key: str) -> float:
        """Information of a token with this phonetic key, bits."""
        cdef bytes key = phonetic_key.encode("ascii")
        return token_bits(&self.table, <const uint8_t*>(<char*>key), len(key)) / 100


def built_in(phonetic_key: str) -> tuple[int, int, bool]:
    """Returns a phonetic key's data from the built-in table: information, share as a given name (hundredths of a bit),
    known."""
    cdef bytes text = phonetic_key.encode("ascii")
    cdef const uint8_t* key = <const uint8_t*>(<char*>text)
    return token_bits(NULL, key, len(text)), token_givenness(key, len(text)), token_known(key, len(text))
