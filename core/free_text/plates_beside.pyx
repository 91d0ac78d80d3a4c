"""Plates among other words, without the GIL. Nothing here is for Python."""

from libc.string cimport memmove

from core.free_text.tokens cimport BoxTokens, join_tokens, token_in
from core.identifiers.plates cimport read_type
from core.identifiers.rules cimport Plate
from core.identifiers.text cimport all_digits, is_digit

cdef enum:
    PLATE_MAX = 11           # characters with type and padding, and one to spare
    NUMBER_LENGTH = 6        # three digits, three letters
    WINDOW = 8               # tokens at most: each character by itself

# Letters behind three digits that are no plate's: makes, and what is counted.
cdef const char* NO_PLATES = b" GMC BMW TVS KTM PNC SMS KMS MTS HRS CMS LTS LBS CCS CMT VLT HND SLV GTM BLZ MX "
# Letters that are words of their own where a plate's number follows.
cdef const char* OWN_WORDS = b" A E O Y U "
cdef const char* BEFORE_TYPE = b" PLACA PLACAS PLACS PLCA PLAC PL PLATE PLATES MATRICULA VEHICULO CARRO MOTO BUS TAXI PICKUP CAMION "


cdef int _type_length(const char* text, int n) noexcept nogil:
    """Letters of the type that is all that stands before the number; -1 = they are none."""
    cdef Plate plate
    cdef int length = 0
    while length < n and not is_digit(text[length]):
        length += 1
    if length == 0:
        return 0
    return length if length <= 3 and read_type(text, length, &plate) and plate.type_length == length else -1


cdef int _number_start(const char* text, int n) noexcept nogil:
    """Returns the start of the number's six characters, after only a type and a padding zero; -1 = it is no plate."""
    cdef int type_length = _type_length(text, n), k
    if type_length < 0 or n - type_length < NUMBER_LENGTH:
        return -1
    if n - type_length == NUMBER_LENGTH + 1 and type_length and text[type_length] == c"0":
        type_length += 1
    if n - type_length != NUMBER_LENGTH or not all_digits(text + type_length, 3):
        return -1
    for k in range(type_length + 3, n):
        if is_digit(text[k]):
            return -1
    return type_length


cdef bint is_plate_shape(const char* text, int n) noexcept nogil:
    return _number_start(text, n) >= 0


cdef inline bint _is_vowel(char c) noexcept nogil:
    return c == c"A" or c == c"E" or c == c"I" or c == c"O" or c == c"U"


cdef int _window(const BoxTokens* t, int first, int last, char* out, bint* apart) noexcept nogil:
    """Length of tokens that are written as one plate; 0 = they are not."""
    cdef int i, n = join_tokens(t, first, last, out, PLATE_MAX), singles = 0
    apart[0] = False
    for i in range(first + 1, last):
        if t.items[i].before not in (c" ", c"-", c".", c"/", c"_", c"*", c":"):
            return 0
        if t.items[i].before == c" " or t.items[i].before == c":":
            apart[0] = True
    if n and is_digit(out[0]) and n == NUMBER_LENGTH + 1 and out[0] == c"0":
        return 0
    for i in range(first, last):
        singles += t.items[i].n == 1
    # A number in more pieces than digits and letters is one that is spelled, character by character.
    if last - first > 3 and singles < last - first - 2:
        return 0
    return n


cdef int _misread(char* text, int n) noexcept nogil:
    """Puts 0 and 1 in the place of O and I where the digits stand: "PO39JWV"; whether it is a plate then."""
    cdef int k, type_length
    if n == NUMBER_LENGTH or n == NUMBER_LENGTH + 1 or n == NUMBER_LENGTH + 2:
        type_length = n - NUMBER_LENGTH
        for k in range(type_length):
            if is_digit(text[k]):
                return 0
        for k in range(type_length, type_length + 3):
            if text[k] == c"O":
                text[k] = c"0"
            elif text[k] == c"I" or text[k] == c"L":
                text[k] = c"1"
        return is_plate_shape(text, n)
    return 0


cdef bint _ends_in_word(const BoxTokens* t, int last) noexcept nogil:
    """Returns whether the letters at the end may be a word: with a vowel, or a word that follows numbers."""
    cdef int k
    if t.items[last].letters == 3:
        if token_in(t, last, NO_PLATES):
            return True
        for k in range(3):
            if _is_vowel(t.text[t.items[last].at + k]):
                return True
    return False


cdef int plate_at(const BoxTokens* t, int first, char* out, int* n) noexcept nogil:
    cdef char text[PLATE_MAX + 1]
    cdef int last, size, start, k, taken = 0
    cdef bint apart, own
    for last in range(first + 1, min(t.n, first + WINDOW) + 1):
        size = _window(t, first, last, text, &apart)
        if size == 0:
            if last > first + 1:
                break
            continue
        start = _number_start(text, size)
        if start < 0 and last == first + 1 and t.items[first].letters > 3 and _misread(text, size):
            start = _number_start(text, size)
        if start < 0:
            continue
        if start == 0 and apart and _ends_in_word(t, last - 1):  # "482 FGH", but not "482 DEL"
            continue
        if start == 0 and first > 0 and t.items[first].before == c"-" and not token_in(t, first - 1, BEFORE_TYPE):
            continue             # "E-423XVY" is no plate without its type, but another number
        own = start == 1 and t.items[first].n == 1 and t.items[first + 1].before == c" " and token_in(
            t, first, OWN_WORDS) and first > 0 and not token_in(t, first - 1, BEFORE_TYPE)
        if own:              # "el alto a 560FRC": a word, and a plate without its type
            memmove(text, text + 1, size - 1)
            size -= 1
        taken = last - first
        n[0] = size
        for k in range(size):
            out[k] = text[k]
    return taken
