"""Spelled numbers and letters, without the GIL. Nothing here is for Python."""

from core.free_text.plates_beside cimport is_plate_shape
from core.free_text.tokens cimport BoxTokens, replace_tokens, token_in, token_is
from core.identifiers.text cimport all_digits

cdef enum:
    SPELLED_MIN = 3      # words
    SPELLED_MAX = 24     # characters
    DIGITS_MIN = 6
    CHUNK_MAX = 4        # characters of a token of digits or letters among spelled ones

cdef const char* SIGN_WORDS = b" GUION RAYA DIAGONAL "

cdef extern from *:
    """
    /* A letter's words: its name in Spanish as it sounds, and in the alphabet of radio. */
    static const char *const RONDA_SPOKEN_LETTERS[26] = {
        " A ALFA ALPHA ", " B BE BRAVO ", " C CE CHARLIE CHARLI ", " D DE DELTA ", " E ECO ECHO ", " F EFE FOXTROT FOX ",
        " G GE GOLF ", " H HACHE HOTEL ", " I INDIA ", " J JOTA JULIET JULIETT JULIETA ", " K KA KILO ", " L ELE LIMA ",
        " M EME MIKE MAIK ", " N ENE NOVEMBER NOVIEMBRE ", " O OSCAR ", " P PE PAPA ", " Q CU QUEBEC ", " R ERRE ERE ROMEO ",
        " S ESE SIERRA ", " T TE TANGO ", " U UNIFORM UNIFORME ", " V VE UVE VICTOR ", " W WHISKEY WHISKY ",
        " X EQUIS XRAY ", " Y YE YANKEE YANKI YANQUI ", " Z ZETA ZULU "};
    static const char *const RONDA_UNITS[10] = {
        " CERO ", " UNO UN ", " DOS ", " TRES ", " CUATRO ", " CINCO ", " SEIS ", " SIETE ", " OCHO ", " NUEVE "};
    static const char *const RONDA_TENS[10] = {
        "", " DIEZ ", " VEINTE ", " TREINTA ", " CUARENTA ", " CINCUENTA ", " SESENTA ", " SETENTA ", " OCHENTA ", " NOVENTA "};
    static const char *const RONDA_HUNDREDS[10] = {
        "", " CIEN CIENTO ", " DOSCIENTOS ", " TRESCIENTOS ", " CUATROCIENTOS ", " QUINIENTOS ", " SEISCIENTOS ",
        " SETECIENTOS ", " OCHOCIENTOS ", " NOVECIENTOS "};
    static const char *const RONDA_TEENS[9] = {
        " ONCE ", " DOCE ", " TRECE ", " CATORCE ", " QUINCE ", " DIECISEIS ", " DIECISIETE ", " DIECIOCHO ", " DIECINUEVE "};
    static const char *const RONDA_TWENTIES[9] = {
        " VEINTIUNO VEINTIUN ", " VEINTIDOS ", " VEINTITRES ", " VEINTICUATRO ", " VEINTICINCO ", " VEINTISEIS ", " VEINTISIETE ",
        " VEINTIOCHO ", " VEINTINUEVE "};
    """
    const char** SPOKEN_LETTERS "RONDA_SPOKEN_LETTERS"
    const char** UNITS "RONDA_UNITS"
    const char** TENS "RONDA_TENS"
    const char** HUNDREDS "RONDA_HUNDREDS"
    const char** TEENS "RONDA_TEENS"
    const char** TWENTIES "RONDA_TWENTIES"


cdef int _listed(const BoxTokens* t, int i, const char** lists, int first, int last) noexcept nogil:
    """Returns which list a token stands in; -1 = none."""
    cdef int k
    for k in range(first, last):
        if token_in(t, i, lists[k]):
            return k
    return -1


cdef int _spoken_number(const BoxTokens* t, int i, char* out, int* size) noexcept nogil:
    """BoxTokens of one number: "dos", "cuarenta y tres", "doscientos cincuenta"; 0 = none."""
    cdef int at = i, hundreds = _listed(t, at, HUNDREDS, 1, 10), tens = -1, units = -1, teens, twenties
    if hundreds >= 0:
        at += 1
    teens = _listed(t, at, TEENS, 0, 9)
    twenties = _listed(t, at, TWENTIES, 0, 9)
    if teens >= 0 or twenties >= 0:
        tens, units = (1, teens + 1) if teens >= 0 else (2, twenties + 1)
        at += 1
    else:
        tens = _listed(t, at, TENS, 1, 10)
        if tens >= 0:
            at += 1
            if token_is(t, at, "Y") and _listed(t, at + 1, UNITS, 1, 10) >= 0:
                units = _listed(t, at + 1, UNITS, 1, 10)
                at += 2
        elif hundreds < 0 or _listed(t, at, UNITS, 1, 10) >= 0:
            units = _listed(t, at, UNITS, 0, 10)
            at += units >= 0
    size[0] = 0
    if at == i:
        return 0
    if hundreds >= 0:
        out[size[0]] = <char>(c"0" + hundreds)
        size[0] += 1
    if hundreds >= 0 or tens >= 0:
        out[size[0]] = <char>(c"0" + max(tens, 0))
        size[0] += 1
    out[size[0]] = <char>(c"0" + max(units, 0))
    size[0] += 1
    return at - i


cdef int _spelled(const BoxTokens* t, int i, char* out, int* size, bint* is_word) noexcept nogil:
    """BoxTokens taken at `i`, what they say into out[4]; is_word: no characters as they stand."""
    cdef int letter, k, taken = _spoken_number(t, i, out, size)
    is_word[0] = True
    if taken:
        return taken
    letter = _listed(t, i, SPOKEN_LETTERS, 0, 26)
    if letter >= 0:
        is_word[0] = t.items[i].n > 1
        out[0] = <char>(c"A" + letter)
        size[0] = 1
        if t.items[i].n == 1 and token_is(t, i + 1, "DE") and i + 2 < t.n and t.text[t.items[i + 2].at] == out[0] and (
                t.items[i + 2].n >= 3):
            is_word[0] = True    # "B de burro"
            return 3
        return 1
    if token_in(t, i, SIGN_WORDS):
        size[0] = 0
        return 1
    is_word[0] = False
    size[0] = t.items[i].n
    if size[0] > CHUNK_MAX or 0 < t.items[i].letters < size[0] or t.items[i].letters > 3:
        return 0
    for k in range(size[0]):
        out[k] = t.text[t.items[i].at + k]
    return 1


cdef void _drop_signs(BoxTokens* t) noexcept nogil:
    """Makes "C guion 3" "C-3"."""
    cdef int i, kept = 0
    for i in range(t.n):
        if token_in(t, i, SIGN_WORDS) and 0 < i < t.n - 1 and t.items[i - 1].n <= 8:
            t.items[i + 1].before = c"-"
            continue
        t.items[kept] = t.items[i]
        kept += 1
    t.n = kept


cdef void write_spoken(BoxTokens* t) noexcept nogil:
    cdef char text[SPELLED_MAX + 4]
    cdef int first = 0, at, size, more, taken, words, best, best_size
    cdef bint is_word
    _drop_signs(t)
    while first < t.n:
        at = first
        size = words = best = best_size = 0
        while at < t.n:
            taken = _spelled(t, at, text + size, &more, &is_word)
            if taken == 0 or size + more > SPELLED_MAX:
                break
            words += taken if is_word else 0
            at += taken
            size += more
            if words >= SPELLED_MIN and (is_plate_shape(text, size) or size >= DIGITS_MIN and all_digits(
                    text, size - (text[size - 1] == c"K"))):
                best = at
                best_size = size
        if best:
            if not replace_tokens(t, first, best, text, best_size):
                return
        first += 1
