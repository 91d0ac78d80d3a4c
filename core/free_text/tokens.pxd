# A text of one box as words of letters and digits, and the signs between them.

from libc.stddef cimport size_t

cdef enum:
    TOKENS_MAX = 64
    TOKENS_TEXT = 480            # bytes: 200 characters, and what spoken ones become

cdef enum:                       # what a token was taken for
    FREE = 0
    NUMBER = 1                   # of an identifier
    LABEL = 2                    # a word that says its kind
    SAID = 3                     # a date, an age, a sex, a country
    SEEN = 4                     # of a vehicle
    FILLER = 5                   # says nothing

cdef struct BoxToken:
    int at                       # in BoxTokens.text
    int n
    int letters
    int first                    # where it stands in the text that was typed; -1 = nowhere, it was spelled
    int last
    char before                  # sign before it: a blank, or the last of - . , ; : / < ( | and the like; 0 = the text's start
    int role

cdef struct BoxTokens:
    BoxToken items[TOKENS_MAX]
    int n
    int size
    char text[TOKENS_TEXT]       # A to Z and 0 to 9; N for N with a tilde

# False: too long, or of letters that are not Latin, which are left to who reads names.
cdef bint split_tokens(const char* text, size_t n, BoxTokens* out) noexcept nogil
cdef bint token_is(const BoxTokens* t, int i, const char* word) noexcept nogil
# Returns whether a token stands in a list of words between blanks, " DPI CUI ".
cdef bint token_in(const BoxTokens* t, int i, const char* words) noexcept nogil
cdef bint text_in(const char* text, int n, const char* words) noexcept nogil
cdef bint is_number_token(const BoxTokens* t, int i) noexcept nogil
# The whole number that a token of up to eight digits is; -1 = none.
cdef int token_value(const BoxTokens* t, int i) noexcept nogil
# BoxTokens `first` to before `last` without what parts them, into out[cap]; their length, or 0 where they do not fit.
cdef int join_tokens(const BoxTokens* t, int first, int last, char* out, int cap) noexcept nogil
# Puts one token in the place of some; False: there is no room.
cdef bint replace_tokens(BoxTokens* t, int first, int last, const char* text, int n) noexcept nogil
