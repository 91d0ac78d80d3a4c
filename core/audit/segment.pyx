# distutils: libraries = crypto
"""One segment of the audit log while it is written (see core/audit/segment.pxd).

Its space is set aside on disk a piece at a time: an append is a copy into memory that the kernel keeps even if this
process is killed, four times cheaper than a write(2), and a full disk is met before the copy, never within it.
"""

from libc.errno cimport ENOMEM, errno
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcmp, memcpy, memset

from core.audit.crypto cimport (
    EVP_CIPHER_CTX_free, EVP_CIPHER_CTX_new, EVP_EncryptInit_ex, EVP_aes_256_gcm, KeyedHash, OPENSSL_cleanse,
    keyed_hash_init, leaf_hash,
)
from core.audit.record cimport FRAME_BYTES, RECORD_TEXT, TextHead
from core.machine.invariant cimport INVARIANT
from core.machine.xxhash cimport XXH3_64bits

cdef extern from *:
    """
    #include <fcntl.h>
    #include <string.h>
    #include <sys/mman.h>
    #include <sys/statvfs.h>
    #include <unistd.h>
    /* After everything written before; `at` need not be aligned. */
    static inline void ronda_store_release(uint8_t *at, uint32_t value) {
        __atomic_thread_fence(__ATOMIC_RELEASE);
        memcpy(at, &value, 4);
    }
    /* Bytes free to this account on the file's disk. */
    static inline unsigned long long ronda_free_bytes(int descriptor) {
        struct statvfs disk;
        if (fstatvfs(descriptor, &disk) != 0) return 0;
        return (unsigned long long)disk.f_bavail * disk.f_frsize;
    }
    static inline void *ronda_map(int descriptor, size_t size) {
        void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
        return at == MAP_FAILED ? NULL : at;
    }
    """
    int posix_fallocate(int descriptor, long long offset, long long size) noexcept nogil
    int ftruncate(int descriptor, long long size) noexcept nogil
    int fdatasync(int descriptor) noexcept nogil
    int munmap(void* at, size_t size) noexcept nogil
    int c_close "close" (int descriptor) noexcept nogil
    void ronda_store_release(uint8_t* at, uint32_t value) noexcept nogil
    unsigned long long ronda_free_bytes(int descriptor) noexcept nogil
    void* ronda_map(int descriptor, size_t size) noexcept nogil

cdef enum:
    TEXTS_FULL = 3072            # then it starts anew, and texts are written again


cdef Segment* segment_new(int descriptor, size_t size, size_t reserve, const uint8_t* query_key,
                          const uint8_t* hash_key, int* error) noexcept nogil:
    cdef Segment* segment = <Segment*>calloc(1, sizeof(Segment))
    error[0] = ENOMEM
    if segment == NULL:
        return NULL
    segment.descriptor = -1
    segment.size = size
    segment.reserve = reserve
    segment.cipher = EVP_CIPHER_CTX_new()
    if segment.cipher == NULL or EVP_EncryptInit_ex(segment.cipher, EVP_aes_256_gcm(), NULL, query_key, NULL) != 1:
        segment_free(segment)
        return NULL
    keyed_hash_init(&segment.key, hash_key)
    # The mapping reaches beyond the file's end: nothing is touched there before segment_extend has moved it.
    segment.map = <uint8_t*>ronda_map(descriptor, size)
    if segment.map == NULL:
        error[0] = errno
        segment_free(segment)
        return NULL
    segment.descriptor = descriptor
    return segment


cdef void segment_free(Segment* segment) noexcept nogil:
    if segment == NULL:
        return
    if segment.map != NULL:
        munmap(segment.map, segment.size)
    if segment.descriptor >= 0:
        c_close(segment.descriptor)
    if segment.cipher != NULL:
        EVP_CIPHER_CTX_free(segment.cipher)
    OPENSSL_cleanse(&segment.key, sizeof(KeyedHash))
    free(segment)


cdef int segment_end(Segment* segment) noexcept nogil:
    cdef int status = 0
    if ftruncate(segment.descriptor, <long long>segment.used) != 0 or fdatasync(segment.descriptor) != 0:
        status = errno
    segment_free(segment)
    return status


cdef size_t segment_extend(const Segment* segment, size_t wanted) noexcept nogil:
    cdef size_t end
    cdef int pieces
    for pieces in range(2, -1, -1):
        end = min((wanted + (pieces + 1) * AHEAD - 1) // AHEAD * AHEAD, segment.size)
        if end <= segment.allocated:
            break
        if (ronda_free_bytes(segment.descriptor) >= segment.reserve + (end - segment.allocated)
                and posix_fallocate(segment.descriptor, <long long>segment.allocated,
                                    <long long>(end - segment.allocated)) == 0):
            return end
    return segment.allocated


cdef void segment_commit(Segment* segment, size_t size) noexcept nogil:
    cdef uint8_t digest[32]
    cdef uint8_t* frame = segment.map + segment.used
    INVARIANT(segment.used + FRAME_BYTES + size <= segment.allocated, b"an audit record passes the room of its segment")
    leaf_hash(frame + FRAME_BYTES, size, digest)
    memcpy(frame + 4, digest, 4)
    ronda_store_release(frame, <uint32_t>size)
    segment.used += FRAME_BYTES + size
    segment.records += 1


cdef void segment_put_text(Segment* segment, uint8_t kind, uint8_t what, const void* text, size_t size) noexcept nogil:
    cdef TextHead head
    memset(&head, 0, sizeof(TextHead))
    head.kind = kind
    head.what = what
    head.place = segment.records
    memcpy(segment_body(segment), &head, sizeof(TextHead))
    memcpy(segment_body(segment) + sizeof(TextHead), text, size)
    segment_commit(segment, sizeof(TextHead) + size)


cdef uint32_t segment_text_place(Segment* segment, uint8_t what, const void* text, size_t size) noexcept nogil:
    cdef uint64_t hash
    cdef size_t slot
    cdef KnownText* known
    cdef uint32_t place
    if size == 0:
        return 0
    INVARIANT(segment.n_texts <= TEXTS_FULL, b"the texts of an audit segment pass their table")
    hash = XXH3_64bits(text, size) + what
    slot = hash & (TEXTS - 1)
    while True:
        known = &segment.texts[slot]
        if known.place == 0:
            break
        # The hash is not keyed: whoever chooses texts may make two alike. The bytes decide.
        if (known.hash == hash and known.size == size and known.what == what
                and memcmp(segment.map + known.at, text, size) == 0):
            return known.place
        slot = (slot + 1) & (TEXTS - 1)
    if segment.n_texts == TEXTS_FULL:
        memset(segment.texts, 0, sizeof(segment.texts))
        segment.n_texts = 0
        known = &segment.texts[hash & (TEXTS - 1)]
    place = <uint32_t>segment.records
    known.hash = hash
    known.size = <uint32_t>size
    known.what = what
    known.at = <uint32_t>(segment.used + FRAME_BYTES + sizeof(TextHead))
    known.place = place
    segment.n_texts += 1
    segment_put_text(segment, RECORD_TEXT, what, text, size)
    return place
