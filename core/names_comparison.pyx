"""Comparison of name keys; called from compiled code only. Python calls core.names."""

from libc.stdint cimport uint64_t
from libc.string cimport memcmp

include "contract.pxi"

cdef enum:
    KEYS_MAX = 64
    TOLERANT_SYMBOLS = 4  # shorter keys are compared exactly: Tot, Pot and Pop are different people


cdef struct Keys:
    int count
    const char* text[KEYS_MAX]
    size_t length[KEYS_MAX]
    uint64_t used             # bit i: key i is paired with an equal one


cdef void split(const char* text, size_t n, Keys* out) noexcept nogil:
    cdef size_t i = 0, start
    out.count = 0
    out.used = 0
    while i < n and out.count < KEYS_MAX:
        if text[i] == c" ":
            i += 1
            continue
        start = i
        while i < n and text[i] != c" ":
            i += 1
        out.text[out.count] = text + start
        out.length[out.count] = i - start
        out.count += 1


# Pairs equal keys of both sides; the number of pairs.
cdef int pair_equal(Keys* a, Keys* b) noexcept nogil:
    cdef int i, j, pairs = 0
    for i in range(a.count):
        for j in range(b.count):
            if b.used >> j & 1 or a.length[i] != b.length[j]:
                continue
            if memcmp(a.text[i], b.text[j], a.length[i]) == 0:
                a.used |= <uint64_t>1 << i
                b.used |= <uint64_t>1 << j
                pairs += 1
                break
    return pairs


# Whether two different texts are one insertion, deletion, substitution or transposition of neighbours apart.
cdef bint one_slip_apart(const char* a, size_t a_n, const char* b, size_t b_n) noexcept nogil:
    cdef size_t i = 0
    if a_n > b_n:
        a, b = b, a
        a_n, b_n = b_n, a_n
    if b_n - a_n > 1:
        return False
    while i < a_n and a[i] == b[i]:
        i += 1
    if a_n < b_n:
        return memcmp(a + i, b + i + 1, a_n - i) == 0
    if i == a_n:
        return False  # equal
    if memcmp(a + i + 1, b + i + 1, a_n - i - 1) == 0:
        return True
    return (
        i + 1 < a_n
        and a[i] == b[i + 1]
        and a[i + 1] == b[i]
        and memcmp(a + i + 2, b + i + 2, a_n - i - 2) == 0
    )


# Finds a partner for key i, moving earlier pairs where that helps (augmenting path of Kuhn's algorithm). Depth <= 64.
cdef bint find_partner(int i, const uint64_t* near, int* partner, uint64_t* tried) noexcept nogil:
    cdef int j
    for j in range(KEYS_MAX):
        if not near[i] >> j & 1 or tried[0] >> j & 1:
            continue
        tried[0] |= <uint64_t>1 << j
        if partner[j] < 0 or find_partner(partner[j], near, partner, tried):
            partner[j] = i
            return True
    return False


# The most pairs of unpaired keys, both of four or more symbols, one slip apart.
cdef int pair_similar(const Keys* a, const Keys* b) noexcept nogil:
    cdef uint64_t near[KEYS_MAX]
    cdef int partner[KEYS_MAX]
    cdef uint64_t tried
    cdef int i, j, pairs = 0
    for j in range(KEYS_MAX):
        partner[j] = -1
    for i in range(a.count):
        near[i] = 0
        if a.used >> i & 1 or a.length[i] < TOLERANT_SYMBOLS:
            continue
        for j in range(b.count):
            if b.used >> j & 1 or b.length[j] < TOLERANT_SYMBOLS:
                continue
            if one_slip_apart(a.text[i], a.length[i], b.text[j], b.length[j]):
                near[i] |= <uint64_t>1 << j
    for i in range(a.count):
        tried = 0
        if near[i] and find_partner(i, near, partner, &tried):
            pairs += 1
    return pairs


cdef int compare_key_texts(const char* a, size_t a_n, const char* b, size_t b_n) noexcept nogil:
    cdef Keys left, right
    cdef int shorter, pairs
    split(a, a_n, &left)
    split(b, b_n, &right)
    if left.count == 0 or right.count == 0:
        return AGREEMENT_UNKNOWN
    pairs = pair_equal(&left, &right)
    if pairs == left.count and pairs == right.count:
        return AGREEMENT_AGREES
    shorter = min(left.count, right.count)
    if 2 * pairs <= shorter:
        pairs += pair_similar(&left, &right)
    return AGREEMENT_DISAGREES if 2 * pairs <= shorter else AGREEMENT_UNKNOWN


cdef bint covers_key_text(const char* query, size_t query_n, const char* claim, size_t claim_n) noexcept nogil:
    cdef Keys asked, held
    split(query, query_n, &asked)
    split(claim, claim_n, &held)
    return asked.count > 0 and pair_equal(&asked, &held) == asked.count
