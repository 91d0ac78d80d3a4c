# keys.mdb, the reader: identifiers -> entities.
#
# The file is LMDB's (format of liblmdb 0.9, written by it through core/generation/keys_writer.pyx): database "keys", INTEGERKEY | DUPSORT | DUPFIXED |
# INTEGERDUP, u64 hash -> u32 entities; in the main database "ronda.build" -> the u64 build number of the generation.
# It is read here, not through liblmdb, because liblmdb trusts every page and dies of a damaged one, and because a file that
# never changes needs no transactions: this walk checks every offset, takes no lock and writes nothing.
#
#   page    u64 number, u16 pad, u16 flags, u16 lower, u16 upper, u16 offset of each node; nodes from the page's end
#   node    u16 low, u16 high, u16 flags, u16 key size, key, data
#           branch: page number = low | high << 16 | flags << 32; leaf: data size = low | high << 16
#   one entity: the node's data. Several: a sub-page in the data (flag DUPDATA), its numbers from byte 16 on; many: a tree of
#   pages of bare numbers, of which the data is the root (flag SUBDATA).

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from core.generation.lmdb_page cimport KeysFile

cdef struct KeysPlace:           # of a hash that is looked for
    uint64_t hash
    uint64_t low                 # range of hashes that the page at hand should hold
    uint64_t high
    const uint8_t* leaf          # the page to look at next, a leaf in the end; NULL = none was yet, or damaged

ctypedef int (*visit_pair)(void* context, uint64_t hash, uint32_t entity) noexcept nogil

# XXH3_64, seed 0, of the kind byte followed by the identifier's canonical bytes.
cdef uint64_t key_hash(uint8_t kind, const void* text, size_t length) noexcept nogil
# Points `keys`, which is new or closed, into a mapped file. NULL = well, else the reason as a static text. What is open is
# closed by keys_close.
# The branch pages are read once and become a list of the leaves (core/generation/leaf_list.pxd): 12 bytes each and 4 to 8 of
# a table, half a megabyte for a million persons.
cdef const char* keys_open(KeysFile* keys, const uint8_t* data, uint64_t size) noexcept nogil
cdef void keys_close(KeysFile* keys) noexcept nogil
# Entities under a hash, ascending, at most `capacity` of them; returns how many there are, or -1 = damaged.
cdef int64_t keys_find(const KeysFile* keys, uint64_t hash, uint32_t* entities, size_t capacity) noexcept nogil
# The same in steps for many hashes at a time; each step prefetches the memory of the next. From a `place` with leaf
# NULL: keys_place once for each level above the leaves, or less often, then keys_find_placed.
cdef void keys_place(const KeysFile* keys, uint64_t hash, KeysPlace* place) noexcept nogil
cdef int64_t keys_find_placed(const KeysFile* keys, KeysPlace* place, uint32_t* entities, size_t capacity) noexcept nogil
# Calls `visit` for each pair in order until it returns other than 0, and returns that; -1 = damaged, 0 = all visited.
cdef int keys_walk(const KeysFile* keys, visit_pair visit, void* context) noexcept nogil
