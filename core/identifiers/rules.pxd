# Why an identifier is refused, and what one is once it is read. Kinds are the KEY_* numbers of core/identifiers/kinds.pxd.

from libc.stdint cimport uint8_t

# Why a text is refused; rule_word gives the word that error messages use.
cdef enum:
    RULE_OK = 0
    RULE_LENGTH = 1
    RULE_CHARACTERS = 2
    RULE_CHECKSUM = 3
    RULE_DEPARTMENT = 4
    RULE_MUNICIPALITY = 5
    RULE_FORMAT = 6

cdef enum:
    CANONICAL_MAX = 44    # bytes; no canonical text is longer
    DETECTED_MAX = 12     # no query fits more kinds
    SUGGESTIONS_MAX = 96
    MISREADS_MAX = 48
    SHOWN_MAX = 4         # identifiers that a text may show; one with more shows none
    SHOWN_CUIS = 52       # bytes of so many CUIs

# A canonical text and its kind.
cdef struct Canonical:
    uint8_t kind          # KEY_* or KIND_NAME
    uint8_t length        # bytes of text; 0 for KIND_NAME: its text is the query itself
    char text[CANONICAL_MAX]

# A plate taken apart. Guatemalan: six characters, three digits and three letters (or six digits with a type, before 2004).
# Foreign: 3 to 10 alphanumerics and no type.
cdef struct Plate:
    uint8_t type_length   # bytes; 0 = type unknown
    uint8_t number_length  # bytes; 6 for Guatemala
    uint8_t vowel         # 1 = a letter of the number is a vowel: a warning, no refusal
    char type[4]
    char number[12]
