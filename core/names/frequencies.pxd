# The information of a token of a name: log2(persons / persons who bear it), in hundredths of a bit.

from libc.stdint cimport int16_t, int32_t, uint8_t, uint16_t, uint64_t

cdef enum:
    BITS_LEAST = 150          # the commonest token
    BITS_MOST = 1600          # a token borne by one person of 65,536 or more
    BITS_UNKNOWN = 1100       # a token that no table knows

cdef struct FrequencyTable:   # open addressing; slots is a power of two
    uint64_t slots
    uint64_t* hash            # XXH3_64 of the phonetic key, made odd; 0 = free
    int16_t* bits
    int16_t* given            # hundredths of a bit by which the token is a given name rather than a surname

# Information of a token with this phonetic key; table NULL = built in.
cdef int16_t token_bits(const FrequencyTable* table, const uint8_t* key, size_t n) noexcept nogil
# By the built-in table, > 0 a given name rather than a surname, 0 = unknown, hundredths of a bit.
cdef int16_t token_givenness(const uint8_t* key, size_t n) noexcept nogil
# Returns whether the built-in table has the token.
cdef bint token_known(const uint8_t* key, size_t n) noexcept nogil
# Information of a token that `count` of `population` bear, between BITS_LEAST and BITS_MOST.
cdef int16_t bits_of_count(double count, double population) noexcept nogil
# The C table behind a core.names.frequencies.NameFrequencies.
cdef class NameFrequencies:
    cdef FrequencyTable table
