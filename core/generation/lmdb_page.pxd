# Pages of an LMDB file (format of liblmdb 0.9) and their nodes, every offset checked; core/generation/keys.pxd draws them.

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy

cdef enum:
    PAGE_HEADER = 16
    NODE_HEADER = 8
    P_BRANCH = 0x01
    P_LEAF = 0x02
    P_META = 0x08
    P_LEAF2 = 0x20           # bare values, no nodes
    F_BIGDATA = 0x01
    F_SUBDATA = 0x02
    F_DUPDATA = 0x04
    DB_SIZE = 48             # the record of a database: pad, flags, depth, four counters, root
    DB_ENTRIES = 32
    DB_ROOT = 40
    META_MAGIC = 16
    META_VERSION = 20
    META_FREE_DB = 40        # its pad is the page size
    META_MAIN_DB = 88
    META_TXNID = 144
    META_END = 152
    MAX_DEPTH = 24

cdef struct KeysFile:
    const uint8_t* data
    uint64_t size
    uint32_t page_size
    uint64_t n_pages
    uint64_t root                # of database "keys"; UINT64_MAX = empty
    uint64_t n_entries           # (hash, entity) pairs
    uint64_t build
    uint64_t* firsts             # for each leaf page, in order, a hash that is at most its first and above all of the one before;
                                 # NULL = there is no such list, and the tree is descended
    uint32_t* leaves             # its number
    uint32_t* starts             # for the upper bits of a hash, the last leaf that may begin at or before the least such hash
    uint32_t n_leaves
    uint32_t start_bits

cdef struct Node:
    uint16_t flags
    uint64_t page            # of a branch
    const uint8_t* key
    uint32_t key_size
    const uint8_t* data      # of a leaf
    uint32_t data_size


cdef inline uint16_t u16_at(const uint8_t* at) noexcept nogil:
    cdef uint16_t value
    memcpy(&value, at, 2)
    return value


cdef inline uint32_t u32_at(const uint8_t* at) noexcept nogil:
    cdef uint32_t value
    memcpy(&value, at, 4)
    return value


cdef inline uint64_t u64_at(const uint8_t* at) noexcept nogil:
    cdef uint64_t value
    memcpy(&value, at, 8)
    return value


cdef inline const uint8_t* page_at(const KeysFile* keys, uint64_t number) noexcept nogil:
    """NULL unless the page lies in the file and bears its own number."""
    cdef const uint8_t* page
    if number >= keys.n_pages:
        return NULL
    page = keys.data + number * keys.page_size
    return page if u64_at(page) == number else NULL


cdef inline int node_count(const uint8_t* page, uint32_t page_size) noexcept nogil:
    """Nodes (or LEAF2 values) of a page; -1 when its bounds are impossible."""
    cdef uint32_t lower = u16_at(page + 12)
    if lower < PAGE_HEADER or lower > page_size or lower & 1:
        return -1
    return (lower - PAGE_HEADER) >> 1


cdef inline bint node_at(const uint8_t* page, uint32_t page_size, int index, bint branch, Node* node) noexcept nogil:
    cdef uint32_t offset = u16_at(page + PAGE_HEADER + 2 * index)
    cdef const uint8_t* at
    cdef uint32_t low, high
    if offset < PAGE_HEADER or offset + NODE_HEADER > page_size:
        return False
    at = page + offset
    low = u16_at(at)
    high = u16_at(at + 2)
    node.flags = u16_at(at + 4)
    node.key_size = u16_at(at + 6)
    node.key = at + NODE_HEADER
    if offset + NODE_HEADER + node.key_size > page_size:
        return False
    if branch:
        node.page = low | (<uint64_t>high << 16) | (<uint64_t>node.flags << 32)
        return True
    node.data = node.key + node.key_size
    node.data_size = low | (high << 16)
    if node.flags & F_BIGDATA:
        return False  # nothing in these files is that long
    return node.data_size <= page_size - offset - NODE_HEADER - node.key_size
