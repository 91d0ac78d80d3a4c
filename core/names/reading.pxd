# A name as the comparison sees it: tokens with roles and information (docs/names.md, "Names").
#
# A stored name is UTF-8 in its own spelling: given names 0x1F surnames 0x1F surnames of the husband. Empty groups at the end may
# be left out; without any 0x1F it is a name without parts, and the roles are guessed.

from libc.stdint cimport int16_t, int32_t, uint8_t, uint64_t

from core.names.frequencies cimport FrequencyTable
from core.names.tokens cimport TokenForm

cdef enum:
    SHAPE_TOKENS = 16         # tokens of a name that are compared; the rest is cut
    PART_SEPARATOR = 0x1F

cdef enum:
    ROLE_UNKNOWN = 0
    ROLE_GIVEN = 1
    ROLE_SURNAME = 2
    ROLE_MARRIED = 3          # surname of the husband

cdef packed struct ShapeToken:
    uint8_t role
    uint8_t length            # letters
    uint8_t known             # the built-in frequencies have it
    int16_t bits              # information of the token, hundredths of a bit: log2(persons / persons who bear it)

cdef struct NameShape:
    uint8_t count
    uint8_t roles_guessed     # 1 = the roles are a guess from a name without parts
    ShapeToken tokens[SHAPE_TOKENS]

# A name read once for many comparisons.
cdef struct ReadName:
    NameShape shape
    TokenForm forms[SHAPE_TOKENS]

# Reads a stored name or any text of a name: tokens, roles, information. table NULL = the built-in frequencies.
# forms[SHAPE_TOKENS]. Returns the count of tokens. Any bytes are safe.
cdef int read_name(const char* text, size_t n, const FrequencyTable* table, NameShape* shape, TokenForm* forms) noexcept nogil

# The stored name of parts (first to third given, first and second surname, married: parts[6], any may be empty), or `full` where the
# parts hold nothing but spaces. Into out[cap]; its length, or -1 when cap is too small. The sum of all lengths + 8 always suffices.
cdef int name_text_into(const char** parts, const size_t* lengths, const char* full, size_t full_n,
                        char* out, size_t cap) noexcept nogil
