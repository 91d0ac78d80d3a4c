# A small names.bin with the frequencies of a great one: what a name tells depends on everybody on file, not on those of a delta.

from core.name_index.file cimport NamesFile

cdef struct BorrowedFrequencies:  # of one names.bin
    void* memory

# Points the tables and briefs of `names` (a copy of an open file's) at copies that state the population and the tokens' information
# as `base` has them: a token of a sound that the base does not know counts as unknown; and that say that persons come in no order of
# birth. False = out of memory.
cdef bint borrow_frequencies(NamesFile* names, const NamesFile* base, BorrowedFrequencies* borrowed) noexcept nogil
cdef void return_frequencies(BorrowedFrequencies* borrowed) noexcept nogil
