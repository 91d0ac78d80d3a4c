# Birth dates, ages and sex that stand among other words.

from core.free_text.tokens cimport BoxTokens

cdef struct Born:                # 0 = not stated
    int year
    int month
    int day
    int age
    char sex                     # M or F
    bint guessed                 # an age that somebody looks was left out

# Takes what tokens that are FREE say of a person's birth and sex; their roles become SAID. `alone`: nothing but a name
# stands beside it, so that six or eight digits are a date, and a year of two digits may stand behind "EL" or "NAC".
cdef void take_birth(BoxTokens* t, bint alone, Born* out) noexcept nogil
# Returns the number of tokens of a whole date that begins at `i`; 0 = none begins there.
cdef int date_at(const BoxTokens* t, int i) noexcept nogil
