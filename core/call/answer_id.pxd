# Answer ids: UUID version 7 (RFC 9562), unique across threads and processes.
#
# Each user of this file keeps its own generator, seeded by getrandom and seeded again in a forked child.

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

cdef extern from *:
    """
    #include <pthread.h>
    #include <sys/random.h>
    static volatile unsigned ronda_forks = 1;
    static pthread_once_t ronda_forks_once = PTHREAD_ONCE_INIT;
    static void ronda_forked(void) { ronda_forks++; }
    static void ronda_watch_forks(void) { pthread_atfork(NULL, NULL, ronda_forked); }
    static inline unsigned ronda_fork_count(void) { pthread_once(&ronda_forks_once,
                                                                 ronda_watch_forks); return ronda_forks; }
    static inline int ronda_seed(void *seed, size_t size) { return getrandom(seed, size, 0) == (ssize_t)size; }
    """
    unsigned int ronda_fork_count() noexcept nogil
    int ronda_seed(void* seed, size_t size) noexcept nogil

cdef struct AnswerIds:
    uint64_t state[2]            # xoroshiro128+ of Blackman and Vigna
    unsigned int forks           # 0 = not seeded yet

cdef inline uint64_t _next_random(AnswerIds* ids) noexcept nogil:
    cdef uint64_t a = ids.state[0], b = ids.state[1]
    cdef uint64_t result = a + b
    b ^= a
    ids.state[0] = ((a << 24) | (a >> 40)) ^ b ^ (b << 16)
    ids.state[1] = (b << 37) | (b >> 27)
    return result

cdef inline void hexadecimal(const uint8_t* data, size_t size, char* out) noexcept nogil:
    """Lower-case digits, two a byte."""
    cdef const char* digits = "0123456789abcdef"
    cdef size_t i
    for i in range(size):
        out[2 * i] = digits[data[i] >> 4]
        out[2 * i + 1] = digits[data[i] & 15]

cdef inline void answer_id_text(const uint8_t* raw, char* out) noexcept nogil:
    """The 36 characters of 16 bytes, for example "018f4e3a-9c00-7b1d-8e2f-0123456789ab"."""
    hexadecimal(raw, 4, out)
    hexadecimal(raw + 4, 2, out + 9)
    hexadecimal(raw + 6, 2, out + 14)
    hexadecimal(raw + 8, 2, out + 19)
    hexadecimal(raw + 10, 6, out + 24)
    out[8] = out[13] = out[18] = out[23] = c"-"

cdef inline bint answer_id_into(AnswerIds* ids, int64_t clock_ms, uint8_t* raw, char* out) noexcept nogil:
    """16 bytes, and their 36 characters. False when the system gives no random seed."""
    cdef uint64_t high, low
    cdef int i
    cdef unsigned int forks = ronda_fork_count()
    if ids.forks != forks:
        if not ronda_seed(ids.state, 16):
            return False
        ids.state[0] |= 1        # an all-zero state would stay zero
        ids.forks = forks
    high = (<uint64_t>clock_ms << 16) | 0x7000 | (_next_random(ids) >> 52)
    low = (_next_random(ids) >> 2) | 0x8000000000000000ULL
    for i in range(8):
        raw[i] = <uint8_t>(high >> (56 - 8 * i))
        raw[8 + i] = <uint8_t>(low >> (56 - 8 * i))
    answer_id_text(raw, out)
    return True
