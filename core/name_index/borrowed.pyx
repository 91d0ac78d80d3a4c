"""A small names.bin with the frequencies of a great one (core/name_index/borrowed.pxd). Nothing here is for Python."""

from libc.stdint cimport int16_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcmp, memcpy

from core.name_index.file cimport FIRST_TOKEN, NamesTables, TokenBrief, term_tokens, token_find
from core.names.frequencies cimport BITS_UNKNOWN
from core.names.tokens cimport TERMS_MAX, TokenForm, form_token, token_terms

cdef enum:
    TERM_TOKENS = 512            # tokens under one term that are looked at


cdef int16_t _bits(const NamesFile* base, const uint8_t* letters, uint8_t length) noexcept nogil:
    """Returns the base's bits for a token's sound, by this spelling or another."""
    cdef TokenForm form, other
    cdef uint64_t terms[TERMS_MAX]
    cdef uint32_t ids[TERM_TOKENS]
    cdef uint32_t id = token_find(base, letters, length)
    cdef int i, j, n
    if id:
        return base.briefs[id].bits
    form_token(letters, length, &form)
    for i in range(token_terms(&form, terms)):
        n = term_tokens(base, terms[i], ids, TERM_TOKENS)
        for j in range(n):
            form_token(base.texts + base.tokens[ids[j]].text, base.tokens[ids[j]].text_length, &other)
            if other.phonetic_length == form.phonetic_length and memcmp(
                    other.phonetic, form.phonetic, form.phonetic_length) == 0:
                return base.briefs[ids[j]].bits
    return BITS_UNKNOWN


cdef bint borrow_frequencies(NamesFile* names, const NamesFile* base, BorrowedFrequencies* borrowed) noexcept nogil:
    cdef uint32_t n = names.tables.n_tokens, id
    cdef NamesTables* tables
    cdef TokenBrief* briefs
    borrowed.memory = malloc(sizeof(NamesTables) + (n + 1) * sizeof(TokenBrief))
    if borrowed.memory == NULL:
        return False
    tables = <NamesTables*>borrowed.memory
    briefs = <TokenBrief*>(tables + 1)
    tables[0] = names.tables[0]
    tables.population = base.tables.population
    tables.ordered = 0           # a delta's persons come in order of their ids
    memcpy(briefs, names.briefs, n * sizeof(TokenBrief))
    for id in range(FIRST_TOKEN, n):
        briefs[id].bits = _bits(base, names.texts + names.tokens[id].text, names.tokens[id].text_length)
    names.tables = tables
    names.briefs = briefs
    return True


cdef void return_frequencies(BorrowedFrequencies* borrowed) noexcept nogil:
    free(borrowed.memory)
    borrowed.memory = NULL
