# Identifiers as clerks and spreadsheets write them (docs/answers.md section 4, "As written").

# A number of a spreadsheet: its digits into out[cap] and 1; -1 = its digits are lost to an exponent; 0 = it is none.
cdef int spreadsheet_number(const char* text, size_t n, char* out, int cap, int* length) noexcept nogil

# Returns whether the text ends like one with a fraction of zeros.
cdef bint may_be_of_spreadsheet(const char* text, size_t n) noexcept nogil

# Canonical text of `kind` into scratch[CANONICAL_MAX], where the strict reading failed with `rule`: 0 or a RULE_*.
cdef int read_written(int kind, const char* text, size_t n, int rule, char* scratch, int* length) noexcept nogil
# Returns whether a kind without a rule of its own (a licence, a document, a VIN, an engine) may hold words beside its
# number.
cdef bint may_hold_words(int kind, const char* text, size_t n) noexcept nogil
# The 12 or 14 digits of what may be a CUI that lost a digit or has one too many, into out[14]: how many; 0 = it is none.
cdef int written_miscounted(const char* text, size_t n, char* out) noexcept nogil
# The 13 digits of a CUI, valid or not, into out[13]. False: none, or read through look-alikes or a lost zero and not valid.
cdef bint written_cui(const char* text, size_t n, char* out, int* rule) noexcept nogil
