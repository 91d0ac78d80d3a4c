# Plates that stand among other words.

from core.free_text.tokens cimport BoxTokens

# Returns whether a text of letters and digits is a plate as it is: a type or none, a zero of padding or none, three
# digits, three letters.
cdef bint is_plate_shape(const char* text, int n) noexcept nogil
# The plate that begins at token `first`: how many tokens, 0 = none; its text into out[12] ("P482FGH"), its length into n.
cdef int plate_at(const BoxTokens* t, int first, char* out, int* n) noexcept nogil
