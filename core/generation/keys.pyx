"""keys.mdb, the reader (see core/generation/keys.pxd for the bytes)."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport UINT64_MAX, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcmp, memcpy, memset

from core.generation.leaf_list cimport forget_leaves, leaf_of, list_leaves
from core.generation.lmdb_page cimport (
    DB_ENTRIES, DB_ROOT, DB_SIZE, F_DUPDATA, F_SUBDATA, MAX_DEPTH, META_FREE_DB, META_MAGIC, META_MAIN_DB, META_TXNID,
    META_VERSION, NODE_HEADER, PAGE_HEADER, P_BRANCH, P_LEAF, P_LEAF2, P_META, Node, node_at, node_count, page_at, u16_at, u32_at,
    u64_at,
)
from core.machine.prefetch cimport prefetch
from core.machine.xxhash cimport XXH3_64bits, XXH3_64bits_digest, XXH3_64bits_reset, XXH3_64bits_update, XXH3_state_t

cdef enum:
    LEAF_NODE = 20               # bytes of one with one entity; pages are filled by appending, to the last such node


cdef uint64_t key_hash(uint8_t kind, const void* text, size_t length) noexcept nogil:
    cdef uint8_t joined[256]
    cdef XXH3_state_t state
    if length < sizeof(joined):
        joined[0] = kind
        memcpy(joined + 1, text, length)
        return XXH3_64bits(joined, length + 1)
    XXH3_64bits_reset(&state)
    XXH3_64bits_update(&state, &kind, 1)
    XXH3_64bits_update(&state, text, length)
    return XXH3_64bits_digest(&state)


cdef inline int _first_guess(uint64_t hash, uint64_t low, uint64_t high, int count) noexcept nogil:
    """Returns the expected place of a hash among `count` of a range: hashes are spread evenly."""
    cdef double share = <double>(hash - low) / (<double>(high - low) + 1) if low <= hash <= high else 0.5
    return min(<int>(share * count), count - 1)


cdef int _last_at_most(const uint8_t* page, uint32_t page_size, int count, bint branch, KeysPlace* place, Node* node) noexcept nogil:
    """Finds the last node with a key of at most the hash; returns its index, -1 = none (of a leaf), -2 = damaged.

    Looks at the expected place of the hash, then ever further away: the memory of three lines instead of seven.
    place.low and place.high become the range below that node.
    """
    cdef int low = 0 if branch else -1  # the first node of a branch stands for everything below the second's key
    cdef int high = count, at = _first_guess(place.hash, place.low, place.high, count), step = 4
    cdef bint low_seen = False, high_seen = False
    cdef uint64_t key
    while high - low > 1:
        if low_seen and high_seen:
            at = (low + high) >> 1
        at = max(low + 1, min(at, high - 1))
        if not node_at(page, page_size, at, branch, node) or node.key_size != 8:
            return -2
        key = u64_at(node.key)
        if key <= place.hash:
            low = at
            low_seen = True
            place.low = key
            at += step
        else:
            high = at
            high_seen = True
            place.high = key - 1
            at -= step
        step *= 2
    if low >= 0 and not node_at(page, page_size, low, branch, node):
        return -2
    return low


cdef int64_t _copy_values(const uint8_t* page, uint32_t size, uint32_t* entities, size_t capacity) noexcept nogil:
    """Copies the numbers of a LEAF2 page or sub-page of `size` bytes; returns how many it holds, -1 = damaged."""
    cdef int count
    if size < PAGE_HEADER or not u16_at(page + 10) & P_LEAF2 or u16_at(page + 8) != 4:
        return -1
    count = node_count(page, size)
    if count < 1 or <uint32_t>count * 4 + PAGE_HEADER > size:  # never empty: a tree of them could go round for ever
        return -1
    if capacity > <size_t>count:
        capacity = <size_t>count
    memcpy(entities, page + PAGE_HEADER, capacity * 4)
    return count


cdef int64_t _copy_tree(const KeysFile* keys, uint64_t number, uint32_t* entities, size_t capacity, int depth) noexcept nogil:
    cdef const uint8_t* page = page_at(keys, number)
    cdef Node node
    cdef int count, i
    cdef int64_t copied = 0, more
    if page == NULL or depth > MAX_DEPTH:
        return -1
    if u16_at(page + 10) & P_LEAF:
        return _copy_values(page, keys.page_size, entities, capacity)
    if not u16_at(page + 10) & P_BRANCH:
        return -1
    count = node_count(page, keys.page_size)
    if count < 1:
        return -1
    for i in range(count):
        if <size_t>copied >= capacity:
            break
        if not node_at(page, keys.page_size, i, True, &node):
            return -1
        more = _copy_tree(keys, node.page, entities + copied, capacity - copied, depth + 1)
        if more < 0:
            return -1
        copied += more
    return copied


cdef int64_t _node_entities(const KeysFile* keys, const Node* node, uint32_t* entities, size_t capacity) noexcept nogil:
    """Copies at most `capacity` entities of a leaf node; returns how many it has, -1 = damaged."""
    cdef uint64_t total
    if not node.flags & F_DUPDATA:
        if node.data_size != 4:
            return -1
        if capacity:
            entities[0] = u32_at(node.data)
        return 1
    if not node.flags & F_SUBDATA:
        return _copy_values(node.data, node.data_size, entities, capacity)
    if node.data_size != DB_SIZE:
        return -1
    total = u64_at(node.data + DB_ENTRIES)
    if total > keys.n_entries:
        return -1
    if _copy_tree(keys, u64_at(node.data + DB_ROOT), entities, capacity, 0) < <int64_t>min(total, <uint64_t>capacity):
        return -1
    return <int64_t>total


cdef void _ask_for(const KeysFile* keys, const KeysPlace* place) noexcept nogil:
    """The lines of a page that a search will read, were it a leaf: those of branches are near anyway."""
    cdef const uint8_t* page = place.leaf
    cdef int at = _first_guess(place.hash, place.low, place.high,
                               <int>(keys.page_size - PAGE_HEADER) // (LEAF_NODE + 2))
    prefetch(page)
    prefetch(page + PAGE_HEADER + 2 * at)
    prefetch(page + keys.page_size - LEAF_NODE * (at + 3))  # the first node stands at the page's end
    prefetch(page + keys.page_size - LEAF_NODE * (at + 1) + NODE_HEADER)


cdef bint _descend(const KeysFile* keys, KeysPlace* place) noexcept nogil:
    """Goes from a branch to the page below it, not yet read. False = it is a leaf, or damaged: place.leaf is NULL."""
    cdef const uint8_t* page = place.leaf
    cdef Node node
    cdef int count
    if u64_at(page) == <uint64_t>(page - keys.data) // keys.page_size:
        if u16_at(page + 10) & P_LEAF:
            return False
        count = node_count(page, keys.page_size)
        if (u16_at(page + 10) & P_BRANCH and count > 0
                and _last_at_most(page, keys.page_size, count, True, place, &node) >= 0 and node.page < keys.n_pages):
            place.leaf = keys.data + node.page * keys.page_size
            _ask_for(keys, place)
            return True
    place.leaf = NULL
    return False


cdef void _place_listed(const KeysFile* keys, KeysPlace* place) noexcept nogil:
    cdef uint32_t at = leaf_of(keys, place.hash)
    place.low = keys.firsts[at]
    place.high = keys.firsts[at + 1] - 1 if at + 1 < keys.n_leaves else UINT64_MAX
    place.leaf = keys.data + <uint64_t>keys.leaves[at] * keys.page_size
    _ask_for(keys, place)


cdef void keys_close(KeysFile* keys) noexcept nogil:
    forget_leaves(keys)
    keys.root = UINT64_MAX


cdef void keys_place(const KeysFile* keys, uint64_t hash, KeysPlace* place) noexcept nogil:
    if keys.root == UINT64_MAX:
        return
    if keys.firsts != NULL:
        if place.leaf == NULL:
            place.hash = hash
            _place_listed(keys, place)
        return
    if place.leaf == NULL:
        place.hash = hash
        place.low = 0
        place.high = UINT64_MAX
        place.leaf = keys.data + keys.root * keys.page_size
    _descend(keys, place)


cdef int64_t keys_find_placed(const KeysFile* keys, KeysPlace* place, uint32_t* entities, size_t capacity) noexcept nogil:
    cdef int _
    if keys.root == UINT64_MAX:
        return 0
    for _ in range(MAX_DEPTH):
        if place.leaf == NULL:
            return -1
        if not _descend(keys, place) and place.leaf != NULL:
            return _find_in_leaf(keys, place.leaf, place, entities, capacity)
    return -1


cdef int64_t _find_in_leaf(const KeysFile* keys, const uint8_t* page, KeysPlace* place, uint32_t* entities,
                           size_t capacity) noexcept nogil:
    cdef Node node
    cdef int count, at
    if page == NULL or u16_at(page + 10) & P_LEAF2:
        return -1
    count = node_count(page, keys.page_size)
    if count < 0:
        return -1
    at = _last_at_most(page, keys.page_size, count, False, place, &node)
    if at < 0:
        return -1 if at == -2 else 0
    return _node_entities(keys, &node, entities, capacity) if u64_at(node.key) == place.hash else 0


cdef int64_t keys_find(const KeysFile* keys, uint64_t hash, uint32_t* entities, size_t capacity) noexcept nogil:
    cdef KeysPlace place
    place.leaf = NULL
    keys_place(keys, hash, &place)
    return keys_find_placed(keys, &place, entities, capacity)


cdef const char* keys_open(KeysFile* keys, const uint8_t* data, uint64_t size) noexcept nogil:
    cdef const uint8_t* meta = NULL
    cdef const uint8_t* candidate
    cdef const uint8_t* page
    cdef const uint8_t* database = NULL
    cdef uint64_t root
    cdef Node node
    cdef int i, count
    cdef bint keys_found = False, build_found = False
    memset(keys, 0, sizeof(KeysFile))
    keys.data = data
    keys.size = size
    if size < 512:
        return "too short to be an LMDB file"
    keys.page_size = u32_at(data + META_FREE_DB)
    if keys.page_size < 512 or keys.page_size > 32768 or keys.page_size & (keys.page_size - 1) or size < 2 * keys.page_size:
        return "its page size is impossible"
    keys.n_pages = size // keys.page_size
    for i in range(2):
        candidate = data + i * keys.page_size
        if not u16_at(candidate + 10) & P_META or u32_at(candidate + META_MAGIC) != <uint32_t>0xBEEFC0DE:
            return "no LMDB file"
        if u32_at(candidate + META_VERSION) != 1:
            return "not in the format of liblmdb 0.9"
        if meta == NULL or u64_at(candidate + META_TXNID) > u64_at(meta + META_TXNID):
            meta = candidate
    root = u64_at(meta + META_MAIN_DB + DB_ROOT)
    page = page_at(keys, root)
    if page == NULL or not u16_at(page + 10) & P_LEAF:  # two keys: one page
        return "its main database is damaged"
    count = node_count(page, keys.page_size)
    for i in range(count):
        if not node_at(page, keys.page_size, i, False, &node):
            return "its main database is damaged"
        if node.key_size == 4 and memcmp(node.key, b"keys", 4) == 0 and node.flags & F_SUBDATA and node.data_size == DB_SIZE:
            database = node.data
            keys.root = u64_at(node.data + DB_ROOT)
            keys.n_entries = u64_at(node.data + DB_ENTRIES)
            keys_found = True
        elif node.key_size == 11 and memcmp(node.key, b"ronda.build", 11) == 0 and node.data_size == 8:
            keys.build = u64_at(node.data)
            build_found = True
    if not keys_found or not build_found:
        return "database \"keys\" or entry \"ronda.build\" is missing"
    if keys.root != UINT64_MAX and page_at(keys, keys.root) == NULL:
        return "the root of database \"keys\" is damaged"
    if keys.root != UINT64_MAX:
        list_leaves(keys, database)
    return NULL


cdef int _walk(const KeysFile* keys, uint64_t number, visit_pair visit, void* context, uint32_t* room, size_t capacity,
               uint64_t* pages_left, int depth) noexcept nogil:
    cdef const uint8_t* page = page_at(keys, number)
    cdef Node node
    cdef int count, i, status
    cdef int64_t found, j
    cdef bint branch
    if page == NULL or depth > MAX_DEPTH or u16_at(page + 10) & P_LEAF2 or pages_left[0] == 0:
        return -1
    pages_left[0] -= 1  # a damaged tree may hold itself
    branch = u16_at(page + 10) & P_BRANCH
    count = node_count(page, keys.page_size)
    if count < 1:
        return -1
    for i in range(count):
        if not node_at(page, keys.page_size, i, branch, &node):
            return -1
        if branch:
            status = _walk(keys, node.page, visit, context, room, capacity, pages_left, depth + 1)
            if status:
                return status
            continue
        if node.key_size != 8:
            return -1
        found = _node_entities(keys, &node, room, capacity)
        if found < 0 or <size_t>found > capacity:
            return -1
        for j in range(found):
            status = visit(context, u64_at(node.key), room[j])
            if status:
                return status
    return 0


cdef int keys_walk(const KeysFile* keys, visit_pair visit, void* context) noexcept nogil:
    cdef size_t capacity = <size_t>keys.n_entries
    cdef uint64_t pages_left = keys.n_pages
    cdef uint32_t* room
    cdef int status
    if keys.root == UINT64_MAX:
        return 0
    if capacity > 1 << 26:
        capacity = 1 << 26  # holders of one identifier; 256 MB
    room = <uint32_t*>malloc((capacity + 1) * 4)
    if room == NULL:
        return -1
    status = _walk(keys, keys.root, visit, context, room, capacity, &pages_left, 0)
    free(room)
    return status


def identifier_hash(int kind, bytes text, /):
    return key_hash(<uint8_t>kind, PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text))


def read_keys(bytes data, list hashes, /):
    cdef KeysFile keys
    cdef uint32_t found[1024]
    cdef int64_t count
    cdef Py_ssize_t i
    cdef const char* why = keys_open(&keys, <const uint8_t*>PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data))
    if why != NULL:
        raise ValueError(why.decode())
    answer = []
    try:
        for wanted in hashes:
            count = keys_find(&keys, wanted, found, 1024)
            if count < 0:
                raise ValueError("a page is damaged")
            answer.append([found[i] for i in range(min(count, 1024))])
    finally:
        keys_close(&keys)
    return answer
