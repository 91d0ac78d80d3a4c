# Numbers and letters that are written as they are said over the radio: "papa cuatro ocho dos foxtrot golf hotel".

from core.free_text.tokens cimport BoxTokens

# Puts what is spelled out, from three words on, as one token in its place, where it makes a plate or eight digits or more.
cdef void write_spoken(BoxTokens* t) noexcept nogil
