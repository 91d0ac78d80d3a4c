# Two words of a bitmap as one value, so that the compiler uses vector registers: left to itself it does not.

from libc.stdint cimport uint64_t

cdef extern from *:
    """
    typedef uint64_t ronda_words __attribute__((vector_size(16), aligned(8), may_alias));
    #define ronda_no_words ((ronda_words){0, 0})
    #define ronda_some_bit(words) (((words)[0] | (words)[1]) != 0)
    """
    ctypedef unsigned long long Words "ronda_words"
    const Words NO_WORDS "ronda_no_words"
    bint some_bit "ronda_some_bit"(Words words) noexcept nogil

cdef enum:
    STEP = 2                     # words of `Words`

cdef inline Words words_at(const uint64_t* bits, int w) noexcept nogil:
    return (<const Words*>(bits + w))[0]

cdef inline void put_words(uint64_t* bits, int w, Words words) noexcept nogil:
    (<Words*>(bits + w))[0] = words
