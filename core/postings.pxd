# names.bin: phonetic token -> persons, ascending entity numbers.
#
#   +----------------------+ 0
#   | FileHeader           |  64 bytes, see core/layout.pxd
#   +----------------------+ 64
#   | posting lists        |  one after the other, by token hash. A list of one block: the block's bytes alone. A longer one: its
#   |                      |  SkipEntry[ceil(count / 128)] (at a multiple of 4), then its blocks
#   +----------------------+ at a multiple of 8
#   | TokenEntry[]         |  32 bytes a token, by hash
#   +----------------------+
#   | FileTrailer          |  64 bytes: where the tokens start, how many they are, and the checksum of both
#   +----------------------+ end
#
# A block holds up to 128 entity numbers: the first as a varint, each further one as a varint of the difference to the one
# before. Every block and every skip table has a checksum, verified when it is entered: damage is told, never followed.

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

cdef enum:
    POSTING_BLOCK = 128          # entity numbers a block
    POSTING_END = 0xFFFFFFF0     # what posting_next and posting_seek return after the last one
    POSTING_DAMAGED = 0xFFFFFFF1 # ... and for a damaged block; every later call returns it too

cdef packed struct SkipEntry:
    uint32_t first               # its first entity number
    uint32_t offset              # of its bytes, from the end of the skip table
    uint32_t checksum            # low half of XXH3_64 of its bytes

cdef packed struct TokenEntry:
    uint64_t hash                # XXH3_64 of the phonetic key's bytes, seed 0
    uint64_t offset              # of its list, from the start of the file
    uint32_t count               # entity numbers, at least 1
    uint32_t length              # bytes of the list, skip table included
    uint64_t checksum            # XXH3_64: of the skip table, or of the whole list when it is one block

cdef struct NamesFile:           # names.bin as mapped
    const uint8_t* data
    uint64_t size
    const TokenEntry* tokens
    uint64_t n_tokens

cdef struct PostingCursor:       # plain memory, nothing to free; valid while the generation is open
    const uint8_t* blocks        # first block
    const uint8_t* end           # of the list
    const SkipEntry* skips       # NULL = one block
    uint32_t n_blocks
    uint32_t count               # persons that hold the token
    uint32_t block               # the block entered; n_blocks = past the last
    uint32_t at                  # place within `values`
    uint32_t n_values
    bint damaged
    uint32_t values[128]         # the block entered, decoded

# Hash of a phonetic key's bytes.
cdef uint64_t token_hash(const void* text, size_t length) noexcept nogil
# Opens the list of a token, before its first number. Returns how many persons hold it: 0 = none, -1 = damaged.
cdef int64_t posting_open(const NamesFile* names, uint64_t hash, PostingCursor* cursor) noexcept nogil
# The next entity number, or POSTING_END, POSTING_DAMAGED.
cdef uint32_t posting_next(PostingCursor* cursor) noexcept nogil
# The first entity number >= `entity` that is not yet behind the cursor, which then stands after it; or POSTING_END,
# POSTING_DAMAGED. Forward only.
cdef uint32_t posting_seek(PostingCursor* cursor, uint32_t entity) noexcept nogil
# Points `names` into a mapped file. NULL = well, else the reason as a static text.
cdef const char* names_open(NamesFile* names, const uint8_t* data, uint64_t size) noexcept nogil
