# Identifiers without the GIL: canonical form, check digits, kinds that fit a text, likely slips.
# Texts are UTF-8, need no terminating zero, and may hold any bytes. Outputs have no terminating zero either.
# Kinds are the KEY_* numbers of core/identifiers/kinds.pxd.

from core.identifiers.rules cimport Canonical, Plate

# Word of a RULE_*: "length"...; "" for RULE_OK. A static text that ends with a zero.
cdef const char* rule_word(int rule) noexcept nogil

# Canonical text of `kind` into out[cap], its length into out_n. cap >= CANONICAL_MAX always suffices.
# 0 or a RULE_*; RULE_LENGTH too when out is too small. KEY_PLATE reads Guatemalan plates ("P-123BCD", "?-123BCD").
cdef int canonical_into(int kind, const char* text, size_t n, char* out, size_t cap, size_t* out_n) noexcept nogil

# The same, and in otherwise[0] whether it was read as clerks and spreadsheets write it (docs/answers.md section 4).
cdef int read_into(int kind, const char* text, size_t n, char* out, size_t cap, size_t* out_n, bint* otherwise) noexcept nogil

# Canonical "SLV:A123456" from country (ISO alpha-3) and number; the rest as canonical_into.
cdef int document_into(const char* country, size_t country_n, const char* number, size_t number_n,
                       char* out, size_t cap, size_t* out_n) noexcept nogil

# Takes a plate apart, and says whether it was read otherwise than it is strictly written.
cdef int read_plate_into(const char* text, size_t n, const char* country, size_t country_n, Plate* plate,
                         bint* otherwise) noexcept nogil

# Takes a plate apart. country_n = 0 means Guatemala, as "GTM" does. 0 or a RULE_* (of the plate or the country).
cdef int parse_plate(const char* text, size_t n, const char* country, size_t country_n, Plate* plate) noexcept nogil

# "P-123BCD" or "?-123BCD" of a parsed plate into out (cap >= CANONICAL_MAX); returns its length.
cdef size_t plate_text_into(const Plate* plate, char* out) noexcept nogil

# A register's CUI: 1 and 13 digits into out[13], valid[0] = whether every rule holds, otherwise[0] as in read_into; 0 = none.
cdef bint cui_digits_into(const char* text, size_t n, char* out, bint* valid, bint* otherwise) noexcept nogil

# The 12 or 14 digits that a text shows in place of a CUI, into out[14]; how many, 0 = it shows none.
cdef enum:
    LOOSE_NIT_MAX = 12

cdef int unchecked_nit_into(const char* text, size_t n, char* out) noexcept nogil
cdef int miscounted_digits_into(const char* text, size_t n, char* out) noexcept nogil

# The valid CUIs that stand in a text that is none, 13 digits each, into out[SHOWN_CUIS]; how many.
cdef int shown_cuis_into(const char* text, size_t n, char* out) noexcept nogil

# The Guatemalan plates that stand in a text that is none, into plates[SHOWN_MAX]; how many.
cdef int shown_plates_into(const char* text, size_t n, Plate* plates) noexcept nogil

# Return whether the text is 17 of the VIN's alphabet; whether ISO 3779's check digit (place 9) is right too.
cdef bint fits_vin(const char* text, size_t n) noexcept nogil
cdef bint vin_check_digit_holds(const char* text, size_t n) noexcept nogil

# Valid identifiers one slip away (KEY_CUI, of 12 and 14 digits too; KEY_NIT, KEY_VIN), most plausible first, into out[SUGGESTIONS_MAX]; their number.
cdef int suggest_into(int kind, const char* text, size_t n, Canonical* out) noexcept nogil

# Plates that may have been misread as this one, one misread first, then two, into out[MISREADS_MAX]; their number.
cdef int plate_misreads_into(const char* text, size_t n, Canonical* out) noexcept nogil
