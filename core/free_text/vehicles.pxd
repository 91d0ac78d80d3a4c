# Words about vehicles, Spanish and English: colours, kinds, makes, and a whole free text taken apart
# (docs/answers.md section 13).

from libc.stdint cimport int32_t, uint32_t

cdef enum:
    WORDS_MAX = 6                # words of make or line kept of one text
    WORD_BYTES = 24
    PATTERN_MAX = 16             # characters of a plate pattern after its type

cdef struct PlatePattern:
    char type[4]
    size_t type_length           # 0 = any type
    char number[PATTERN_MAX]     # characters, ? and *
    size_t length                # 0 = none

cdef struct VehicleWords:        # what a text says; what it does not say is zero
    PlatePattern plate
    char number[24]              # VIN, chassis or engine number, whole or its tail
    size_t number_length
    int32_t model_year
    uint32_t colours             # bits of colour_mask
    uint32_t kinds               # bits of kind_mask
    char make[WORD_BYTES]        # one of the makes of the table, folded
    size_t make_length
    char words[WORDS_MAX][WORD_BYTES]  # of make or line, folded, without spaces
    size_t lengths[WORDS_MAX]
    int n_words

# Colours that a folded text names, as bits; 0 = none that is known. Two colours agree when they share a bit.
cdef uint32_t colour_mask(const char* folded, size_t length) noexcept nogil
# Returns whether a folded word is a make of the table.
cdef bint is_make(const char* folded, size_t length) noexcept nogil
# Kinds of vehicle that a folded text names, as bits; 0 = none that is known.
cdef uint32_t kind_mask(const char* folded, size_t length) noexcept nogil
# Takes apart "blue Toyota pickup P 12?...". RULE_OK or a RULE_* of core/identifiers/canonical.pxd; a text that says nothing about
# a vehicle is RULE_FORMAT.
cdef int read_vehicle_words(const char* text, size_t n, VehicleWords* out) noexcept nogil
# A typed plate pattern, "P-1?3*" or "P 1?3 A*", into patterns[2]; how many readings it has, or -RULE_*. A type without a
# hyphen or space after it is read both ways: as a type, and as characters of a foreign plate.
cdef int read_plate_pattern(const char* text, size_t n, PlatePattern* patterns) noexcept nogil
