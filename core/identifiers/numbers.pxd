# Numbers with rules: CUI, NIT, telephone, cédula, VIN. Results are RULE_* of core/identifiers/canonical.pxd.

from core.identifiers.text cimport Compact

# Rule that 13 digits break.
cdef int cui_rule(const char* digits) noexcept nogil

# Returns the number of municipalities of a department, 1 to 22, by the INE's codes.
cdef int municipalities_of(int department) noexcept nogil

# Rule that a CUI breaks; the digits are c.text.
cdef int read_cui(const Compact* c) noexcept nogil

# Canonical NIT into out[13], its length into out_n. A 13-digit NIT is a CUI.
cdef int read_nit(const Compact* c, char* out, int* out_n) noexcept nogil

# Eight digits into out[8].
cdef int read_telephone(const Compact* c, char* out) noexcept nogil

# Canonical cédula into out[14], its length into out_n. `apart` tells whether a separator stands between orden and registro.
# With RULE_LENGTH because the registro is missing, zero or too long, out holds the orden ("A-1"); with any other rule out_n is 0.
cdef int read_cedula(const char* text, size_t n, char* out, int* out_n, bint* apart) noexcept nogil

cdef bint fits_vin_alphabet(const Compact* c) noexcept nogil

# ISO 3779 check digit of 17 characters of the VIN's alphabet.
cdef bint vin_check_holds(const char* vin) noexcept nogil
