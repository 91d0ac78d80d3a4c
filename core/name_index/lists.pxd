# Data of names.bin for each token (core/name_index/file.pxd), as the writer makes it.

from libc.stdint cimport uint8_t, uint32_t, uint64_t

from core.files.output cimport OutputFile
from core.names.tokens cimport TokenForm
from core.wire cimport Buffer

cdef struct Sound:               # tokens of one phonetic key
    uint64_t hash
    uint32_t persons
    uint32_t last                # ordinal counted last, + 1

cdef struct GrowingToken:        # of the dictionary, while it grows
    uint64_t hash                # letters_term of its letters
    uint32_t text
    uint32_t count
    uint32_t sound               # place in `sounds`
    uint32_t last                # ordinal added last, + 1
    uint32_t size                # bytes of its list so far: varints of differences
    uint32_t capacity
    uint8_t text_length
    uint8_t* list

cdef packed struct Term:
    uint64_t term
    uint32_t id

cdef enum:
    DISTANT_LEAST = 7            # letters of tokens of which two edits count (KIND_TWO_EDITS)
    DISTANT_MOST = 16            # of longer ones they are not looked for
    DISTANT_TERMS_MAX = 137      # 1 + 16 + 16 * 15 / 2

cdef struct ListMemory:          # kept from one list to the next
    Buffer entries               # TokenEntry[], one for each list written
    Buffer skips
    Buffer blocks
    uint64_t* bits               # one an ordinal, rounded up to whole words

# Appends a token's list to the file, and its entry to memory.entries.
cdef void put_list(OutputFile file, const GrowingToken* token, uint32_t persons, uint32_t n_ordinals,
                   ListMemory* memory) noexcept nogil
# TokenBrief[] of every token.
cdef void put_briefs(const GrowingToken* tokens, uint32_t n_tokens, const Sound* sounds, const uint8_t* texts, uint32_t population,
                     Buffer* out) noexcept nogil
# Further terms of a token of seven to sixteen letters: its letters, and what is left without any one or two of them. Tokens that are
# two edits apart share one. Returns the count, 0 for other tokens.
cdef int distant_terms(const TokenForm* form, uint64_t* out) noexcept nogil
# The term that brings an abbreviation of consonants (HRNDZ is none, GLZ is: three or four letters) and the whole words together that
# begin and end as it does. `of_short`: of the abbreviation itself, else of a word of five letters or more; 0 = this token is none.
# `asked`: the term under which those on file stand that go with it, else that under which it stands itself.
cdef uint64_t abbreviation_term(const TokenForm* form, bint of_short, bint asked) noexcept nogil
# Term[] of every token from FIRST_TOKEN on: its own letters, its terms (core/names/tokens.pxd), the distant ones and that of abbreviations.
cdef void collect_terms(const GrowingToken* tokens, uint32_t n_tokens, const uint8_t* texts, Buffer* pairs) noexcept nogil
# Terms in buckets by their top bits, in order of token id within one: the tables `buckets` and `terms`.
cdef void bucket_terms(const Term* pairs, uint32_t n, uint32_t bits, Buffer* starts, Buffer* packed) noexcept nogil
