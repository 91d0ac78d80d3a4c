# Numbers of documents and vehicles that stand among other words. BoxTokens that are taken get the role NUMBER, words for a
# country the role SAID.

from core.free_text.tokens cimport BoxTokens

cdef enum:
    BESIDE_MAX = 40              # characters

# Reads the CUI with a right check digit that begins at token `first`: its number of tokens, 0 = none; its digits into
# out[13].
cdef int cui_at(const BoxTokens* t, int first, char* out) noexcept nogil
# The number that goes with the label at token `at`, behind it or before it, into out[BESIDE_MAX]; its length, 0 = none.
cdef int number_beside(BoxTokens* t, int at, int label, char* out) noexcept nogil
# A cédula that begins at token `first`, or behind a label there: "A-1 1120457"; its length, 0 = none.
cdef int cedula_at(BoxTokens* t, int first, char* out) noexcept nogil
# The country that a word says, its name or what its people are called; False: none.
cdef bint country_at(BoxTokens* t, char* country) noexcept nogil
# The one number of five characters or more that stands beside a country's name; 0 = none.
cdef int foreign_number(BoxTokens* t, char* out) noexcept nogil
# Thirteen digits in groups of four, four and five that are no CUI: department, municipality, year, number.
cdef int identity_of_honduras(BoxTokens* t, char* out) noexcept nogil
