# Words that say which kind of number stands beside them.

from core.free_text.tokens cimport BoxTokens

cdef enum:
    NO_LABEL = 0
    PLATE_LABEL = 1
    CUI_LABEL = 2
    PASSPORT_LABEL = 3
    LICENCE_LABEL = 4
    CEDULA_LABEL = 5
    NIT_LABEL = 6
    ENGINE_LABEL = 7
    CHASSIS_LABEL = 8
    VIN_LABEL = 9
    FOREIGN_LABEL = 10           # an identity card of another country: DUI, DNI, IDENTIDAD

# The label that a token is; its role becomes LABEL. Words of five letters and more may hold one slip.
cdef int label_at(BoxTokens* t, int i) noexcept nogil
# The country of such a card where the label says it: "DUI" is El Salvador's. False: it says none.
cdef bint label_country(const BoxTokens* t, int i, char* country) noexcept nogil
# Makes one token of "D.P.I." and "N I T".
cdef void join_initials(BoxTokens* t) noexcept nogil
