"""The leaves of keys.mdb as a list, made at opening from the branch pages: a look-up goes to its leaf at once."""

from libc.stdint cimport UINT32_MAX, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc

from core.generation.lmdb_page cimport (
    MAX_DEPTH, P_BRANCH, KeysFile, Node, node_at, node_count, page_at, u16_at, u64_at,
)

cdef enum:
    DB_DEPTH = 6
    DB_LEAF_PAGES = 16
    START_BITS_MAX = 24


cdef bint _list_below(KeysFile* keys, uint64_t number, uint64_t first, uint32_t capacity, int levels,
                      uint64_t* pages_left) noexcept nogil:
    """Appends the leaves below a page, `levels` of branches down, none of which is looked at. False = something is damaged."""
    cdef const uint8_t* page
    cdef Node node
    cdef int count, i
    if levels == 0:
        if number >= keys.n_pages or keys.n_leaves == capacity:
            return False
        if keys.n_leaves and first <= keys.firsts[keys.n_leaves - 1]:
            return False
        keys.firsts[keys.n_leaves] = first
        keys.leaves[keys.n_leaves] = <uint32_t>number
        keys.n_leaves += 1
        return True
    page = page_at(keys, number)
    if page == NULL or not u16_at(page + 10) & P_BRANCH or pages_left[0] == 0:
        return False
    pages_left[0] -= 1
    count = node_count(page, keys.page_size)
    if count < 1:
        return False
    for i in range(count):
        if not node_at(page, keys.page_size, i, True, &node) or (i and node.key_size != 8):
            return False
        if not _list_below(keys, node.page, u64_at(node.key) if i else first, capacity, levels - 1, pages_left):
            return False
    return True


cdef bint _list_leaves(KeysFile* keys, const uint8_t* database) noexcept nogil:
    """The list and its table. False = there is none: damaged, or no memory."""
    cdef uint64_t pages_left = keys.n_pages, leaf_pages = u64_at(database + DB_LEAF_PAGES)
    cdef int depth = u16_at(database + DB_DEPTH)
    cdef uint32_t at = 0
    cdef uint64_t start
    if not 1 <= depth <= MAX_DEPTH or not 1 <= leaf_pages <= min(keys.n_pages, <uint64_t>UINT32_MAX):
        return False
    keys.firsts = <uint64_t*>malloc(leaf_pages * sizeof(uint64_t))
    keys.leaves = <uint32_t*>malloc(leaf_pages * sizeof(uint32_t))
    if keys.firsts == NULL or keys.leaves == NULL:
        return False
    if not _list_below(keys, keys.root, 0, <uint32_t>leaf_pages, depth - 1, &pages_left):
        return False
    keys.start_bits = 1
    while keys.start_bits < START_BITS_MAX and (<uint32_t>1 << keys.start_bits) < keys.n_leaves:
        keys.start_bits += 1
    keys.starts = <uint32_t*>calloc((<size_t>1 << keys.start_bits) + 1, sizeof(uint32_t))
    if keys.starts == NULL:
        return False
    for start in range(<uint64_t>1 << keys.start_bits):
        while at + 1 < keys.n_leaves and keys.firsts[at + 1] <= start << (64 - keys.start_bits):
            at += 1
        keys.starts[start] = at
    keys.starts[<size_t>1 << keys.start_bits] = keys.n_leaves - 1
    return True


cdef void list_leaves(KeysFile* keys, const uint8_t* database) noexcept nogil:
    if not _list_leaves(keys, database):
        forget_leaves(keys)


cdef void forget_leaves(KeysFile* keys) noexcept nogil:
    free(keys.firsts)
    free(keys.leaves)
    free(keys.starts)
    keys.firsts = NULL
    keys.leaves = keys.starts = NULL
    keys.n_leaves = 0


cdef uint32_t leaf_of(const KeysFile* keys, uint64_t hash) noexcept nogil:
    cdef size_t start = hash >> (64 - keys.start_bits)
    cdef uint32_t low = keys.starts[start], high = keys.starts[start + 1], middle
    while low < high:
        middle = low + (high - low + 1) // 2
        if keys.firsts[middle] <= hash:
            low = middle
        else:
            high = middle - 1
    return low
