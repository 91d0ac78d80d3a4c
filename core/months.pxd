# Months as people write them, in capitals without accents. Header only.

cdef extern from *:
    """
    static inline const char *ronda_month_name(int month) {
        static const char *const NAMES[] = {"ENERO", "FEBRERO", "MARZO", "ABRIL", "MAYO", "JUNIO", "JULIO", "AGOSTO",
            "SEPTIEMBRE", "OCTUBRE", "NOVIEMBRE", "DICIEMBRE", "SETIEMBRE"};
        return NAMES[month - 1];
    }
    """
    # Returns the name of months 1 to 12, and of SETIEMBRE; for each but that the first three letters are its short
    # form.
    const char* month_name "ronda_month_name"(int month) noexcept nogil

cdef enum:
    SEPTEMBER = 9
    SETIEMBRE = 13               # September, written otherwise
