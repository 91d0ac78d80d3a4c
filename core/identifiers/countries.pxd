# Countries beside a document's number, and words in the one box that say its kind (docs/answers.md sections 4 and 8).

# ISO alpha-3 into out[3]: three letters, or a name, adjective or code of two letters of the table; RULE_*.
cdef int country_into(const char* text, size_t n, char* out) noexcept nogil
# The country that letters name, without what parts them: "ELSALVADOR".
cdef bint country_of_words(const char* letters, int n, char* country) noexcept nogil
# A number beside its country: the country, and what is left into number[WORDS_TEXT + WORDS_MAX]; `code`: said by two letters alone.
cdef bint split_country(const char* text, size_t n, char* country, char* number, int* length, bint* code) noexcept nogil
# Drops that country beside the number; what is left then stands in rest[WORDS_TEXT + WORDS_MAX].
cdef void drop_country(const char* country, const char** number, size_t* n, char* rest) noexcept nogil
# A text that begins with a word for a passport or licence: KEY_DOCUMENT_NUMBER or KEY_LICENCE, and the rest; 0 = it does not.
cdef int labelled_kind(const char* text, size_t n, char* rest, int* length) noexcept nogil
