# Names without the GIL: folding, tokens, phonetic keys (docs/answers.md section 2).
# Texts are UTF-8 of any bytes, without terminating zero; invalid bytes separate tokens.
# Bounds: the first 64 tokens of a name and the first 64 letters of a token count; the rest is dropped.

cdef enum:
    TOKENS_MAX = 64
    TOKEN_LETTERS_MAX = 64
    FOLDED_MAX = 12352        # bytes: 64 tokens of 64 letters of three bytes (U+FFFD), and what separates them
    NAME_KEY_MAX = 4160       # bytes: 64 keys of 64 ASCII symbols, and what separates them

# Folded text, tokens separated by one space, into out[cap]; its length, or -1 when cap is too small.
# cap >= FOLDED_MAX always suffices.
cdef int fold_into(const char* text, size_t n, char* out, size_t cap) noexcept nogil

# The same without particles, unless nothing would be left.
cdef int tokens_into(const char* text, size_t n, char* out, size_t cap) noexcept nogil

# Phonetic key of one folded token, ASCII, into out[TOKEN_LETTERS_MAX]; its length. A text of several tokens: of the first.
cdef int phonetic_key_into(const char* token, size_t n, char* out) noexcept nogil

# Name key of a text into out[cap]; its length (0 = no tokens), or -1 when cap is too small.
# cap >= NAME_KEY_MAX always suffices; cap >= n + 1 does too.
cdef int name_key_into(const char* text, size_t n, char* out, size_t cap) noexcept nogil

# Name key of a name in parts (first, second, third given, first, second surname: parts[5], any may be empty), and of
# `full` when the parts hold no token. Married surnames are left out.
cdef int name_key_of_parts_into(const char** parts, const size_t* lengths, const char* full, size_t full_n,
                                char* out, size_t cap) noexcept nogil
