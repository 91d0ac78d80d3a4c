# The list of leaves of an open KeysFile: made from the branch pages, `database` being the record of database "keys". A
# tree with damaged branches has none, so that undamaged keys can still be found; nor has one without memory for it.

from libc.stdint cimport uint8_t, uint32_t, uint64_t

from core.generation.lmdb_page cimport KeysFile

cdef void list_leaves(KeysFile* keys, const uint8_t* database) noexcept nogil
cdef void forget_leaves(KeysFile* keys) noexcept nogil
# Place in the list of the leaf that would hold a hash. Only where there is a list.
cdef uint32_t leaf_of(const KeysFile* keys, uint64_t hash) noexcept nogil
