# SipHash-2-4 with 128 bits (Aumasson and Bernstein, 2012): a keyed hash that nobody without the key can collide.

from libc.stddef cimport size_t
from libc.stdint cimport uint64_t

cdef extern from *:
    """
    #include <string.h>
    #define RONDA_ROTATE(x, b) (((x) << (b)) | ((x) >> (64 - (b))))
    #define RONDA_SIP_ROUND \\
        do { \\
            v0 += v1; v1 = RONDA_ROTATE(v1, 13); v1 ^= v0; v0 = RONDA_ROTATE(v0, 32); \\
            v2 += v3; v3 = RONDA_ROTATE(v3, 16); v3 ^= v2; \\
            v0 += v3; v3 = RONDA_ROTATE(v3, 21); v3 ^= v0; \\
            v2 += v1; v1 = RONDA_ROTATE(v1, 17); v1 ^= v2; v2 = RONDA_ROTATE(v2, 32); \\
        } while (0)
    static inline void ronda_siphash128(const uint64_t *key, const uint64_t *words, size_t count, const void *data,
                                        size_t size, uint64_t *out) {
        uint64_t v0 = key[0] ^ 0x736f6d6570736575ULL, v1 = key[1] ^ 0x646f72616e646f6dULL ^ 0xee;
        uint64_t v2 = key[0] ^ 0x6c7967656e657261ULL, v3 = key[1] ^ 0x7465646279746573ULL, word;
        const unsigned char *at = (const unsigned char *)data;
        size_t left = size, i;
        for (i = 0; i < count; i++) {
            v3 ^= words[i]; RONDA_SIP_ROUND; RONDA_SIP_ROUND; v0 ^= words[i];
        }
        for (; left >= 8; left -= 8, at += 8) {
            memcpy(&word, at, 8);
            v3 ^= word; RONDA_SIP_ROUND; RONDA_SIP_ROUND; v0 ^= word;
        }
        word = 0;
        if (left)
            memcpy(&word, at, left);
        word |= (uint64_t)(count * 8 + size) << 56;
        v3 ^= word; RONDA_SIP_ROUND; RONDA_SIP_ROUND; v0 ^= word;
        v2 ^= 0xee;
        RONDA_SIP_ROUND; RONDA_SIP_ROUND; RONDA_SIP_ROUND; RONDA_SIP_ROUND;
        out[0] = v0 ^ v1 ^ v2 ^ v3;
        v1 ^= 0xdd;
        RONDA_SIP_ROUND; RONDA_SIP_ROUND; RONDA_SIP_ROUND; RONDA_SIP_ROUND;
        out[1] = v0 ^ v1 ^ v2 ^ v3;
    }
    """
    # Hashes `count` words and then `size` bytes, as if they stood one after the other; little-endian.
    void ronda_siphash128(const uint64_t* key, const uint64_t* words, size_t count, const void* data, size_t size,
                          uint64_t* out) noexcept nogil
