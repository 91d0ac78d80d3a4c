# SHA-256, HMAC-SHA-256 and AES-256-GCM of libcrypto, without the GIL and without an allocation a call.
#
# SHA256_* are OpenSSL's low-level calls: deprecated since 3.0, and the only ones without a context to set up for each
# message. The EVP way, its context reused, costs 60 ns more a hash, on hashes of 60 to 200 ns.

from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memcpy, memset

cdef extern from *:
    """
    #define OPENSSL_SUPPRESS_DEPRECATED
    #include <openssl/crypto.h>
    #include <openssl/evp.h>
    #include <openssl/sha.h>
    """
    ctypedef struct SHA256_CTX:
        uint32_t h[8]
    ctypedef struct EVP_CIPHER_CTX:
        pass
    ctypedef struct EVP_CIPHER:
        pass
    int SHA256_Init(SHA256_CTX* state) noexcept nogil
    int SHA256_Update(SHA256_CTX* state, const void* data, size_t size) noexcept nogil
    int SHA256_Final(uint8_t* digest, SHA256_CTX* state) noexcept nogil
    void SHA256_Transform(SHA256_CTX* state, const uint8_t* block) noexcept nogil
    void OPENSSL_cleanse(void* memory, size_t size) noexcept nogil
    EVP_CIPHER_CTX* EVP_CIPHER_CTX_new() noexcept nogil
    void EVP_CIPHER_CTX_free(EVP_CIPHER_CTX* cipher) noexcept nogil
    int EVP_CIPHER_CTX_ctrl(EVP_CIPHER_CTX* cipher, int type, int number, void* data) noexcept nogil
    const EVP_CIPHER* EVP_aes_256_gcm() noexcept nogil
    int EVP_EncryptInit_ex(EVP_CIPHER_CTX* cipher, const EVP_CIPHER* algorithm, void* engine, const uint8_t* key,
                           const uint8_t* nonce) noexcept nogil
    int EVP_EncryptUpdate(EVP_CIPHER_CTX* cipher, uint8_t* out, int* written, const uint8_t* data,
                          int size) noexcept nogil
    int EVP_EncryptFinal_ex(EVP_CIPHER_CTX* cipher, uint8_t* out, int* written) noexcept nogil
    enum:
        EVP_CTRL_AEAD_GET_TAG

cdef enum:
    HASH_BYTES = 32
    KEYED_HASH_BYTES = 16        # HMAC-SHA-256, its first half (RFC 2104 section 5)
    TAG_BYTES = 16

cdef struct KeyedHash:           # HMAC-SHA-256 after the key's block: copied for each message
    SHA256_CTX inner
    SHA256_CTX outer

cdef inline void keyed_hash_init(KeyedHash* key, const uint8_t* secret) noexcept nogil:
    """Prepares the hash from a key of 32 bytes."""
    cdef uint8_t block[64]
    cdef int i
    memset(block, 0x36, 64)
    for i in range(32):
        block[i] ^= secret[i]
    SHA256_Init(&key.inner)
    SHA256_Update(&key.inner, block, 64)
    for i in range(64):
        block[i] ^= 0x36 ^ 0x5C
    SHA256_Init(&key.outer)
    SHA256_Update(&key.outer, block, 64)
    OPENSSL_cleanse(block, 64)

cdef inline void _put_word(uint8_t* at, uint32_t word) noexcept nogil:
    at[0] = <uint8_t>(word >> 24)
    at[1] = <uint8_t>(word >> 16)
    at[2] = <uint8_t>(word >> 8)
    at[3] = <uint8_t>word

cdef inline void _keyed_hash_short(const KeyedHash* key, const void* data, size_t size, uint8_t* out) noexcept nogil:
    """Hashes at most 55 bytes: one block inside, one outside, padded here (FIPS 180-4, 5.1.1) instead of byte by byte.
    """
    cdef SHA256_CTX state
    cdef uint8_t block[64]
    cdef int i
    memset(block, 0, 64)
    memcpy(block, data, size)
    block[size] = 0x80
    _put_word(block + 60, <uint32_t>(64 + size) * 8)  # bits: the key's block came before
    memcpy(state.h, key.inner.h, 32)
    SHA256_Transform(&state, block)
    memset(block + 32, 0, 32)
    for i in range(8):
        _put_word(block + 4 * i, state.h[i])
    block[32] = 0x80
    _put_word(block + 60, (64 + 32) * 8)
    memcpy(state.h, key.outer.h, 32)
    SHA256_Transform(&state, block)
    for i in range(KEYED_HASH_BYTES // 4):
        _put_word(out + 4 * i, state.h[i])

cdef inline void keyed_hash(const KeyedHash* key, const void* data, size_t size, uint8_t* out) noexcept nogil:
    """KEYED_HASH_BYTES into `out`."""
    cdef SHA256_CTX state
    cdef uint8_t digest[32]
    if size <= 55:  # identifiers and subject ids: nearly all there is to hash
        _keyed_hash_short(key, data, size, out)
        return
    state = key.inner
    SHA256_Update(&state, data, size)
    SHA256_Final(digest, &state)
    state = key.outer
    SHA256_Update(&state, digest, 32)
    SHA256_Final(digest, &state)
    memcpy(out, digest, KEYED_HASH_BYTES)

cdef inline void leaf_hash(const void* record, size_t size, uint8_t* out) noexcept nogil:
    """RFC 9162, 2.1.1: SHA-256 of 0x00 and the leaf."""
    cdef SHA256_CTX state
    cdef uint8_t prefix = 0
    SHA256_Init(&state)
    SHA256_Update(&state, &prefix, 1)
    SHA256_Update(&state, record, size)
    SHA256_Final(out, &state)

cdef inline void node_hash(const uint8_t* left, const uint8_t* right, uint8_t* out) noexcept nogil:
    """RFC 9162, 2.1.1: SHA-256 of 0x01 and both children; `out` may be one of them."""
    cdef SHA256_CTX state
    cdef uint8_t prefix = 1
    SHA256_Init(&state)
    SHA256_Update(&state, &prefix, 1)
    SHA256_Update(&state, left, 32)
    SHA256_Update(&state, right, 32)
    SHA256_Final(out, &state)

cdef inline bint authenticate(EVP_CIPHER_CTX* cipher, const uint8_t* nonce, const void* data, int size,
                              uint8_t* out) noexcept nogil:
    """AES-256-GMAC (NIST SP 800-38D) with the cipher's key: TAG_BYTES into `out`. False = libcrypto failed."""
    cdef int written = 0
    cdef uint8_t nothing[16]
    if EVP_EncryptInit_ex(cipher, NULL, NULL, NULL, nonce) != 1:
        return False
    if EVP_EncryptUpdate(cipher, NULL, &written, <const uint8_t*>data, size) != 1:
        return False
    if EVP_EncryptFinal_ex(cipher, nothing, &written) != 1:
        return False
    return EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, out) == 1

cdef inline bint seal(EVP_CIPHER_CTX* cipher, const uint8_t* nonce, const void* bound, int bound_size, const void* data,
                      int size, uint8_t* out) noexcept nogil:
    """AES-256-GCM with the cipher's key: ciphertext and tag into `out` (size + TAG_BYTES). False = libcrypto failed."""
    cdef int written = 0
    if EVP_EncryptInit_ex(cipher, NULL, NULL, NULL, nonce) != 1:
        return False
    if EVP_EncryptUpdate(cipher, NULL, &written, <const uint8_t*>bound, bound_size) != 1:
        return False
    if EVP_EncryptUpdate(cipher, out, &written, <const uint8_t*>data, size) != 1 or written != size:
        return False
    if EVP_EncryptFinal_ex(cipher, out + size, &written) != 1:
        return False
    return EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, out + size) == 1
