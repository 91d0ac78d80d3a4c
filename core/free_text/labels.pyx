"""Labels beside numbers, without the GIL. Nothing here is for Python."""

from libc.string cimport memcmp, memcpy, strlen

from core.free_text.tokens cimport LABEL, BoxTokens, join_tokens, replace_tokens, token_in, token_is

cdef enum:
    SLIP_MIN = 5                 # letters of a word in which one slip is let pass
    WORD_MAX = 12
    LABELS = 11

cdef extern from *:
    """
    static const char *const RONDA_LABELS[11] = {
        "", " PLACA PLACAS PL PLAC PLATE PLATES MATRICULA ", " DPI DIP CUI CUIN ",
        " PASAPORTE PASAPORTES PASAP PAS PASS PASSPORT PASPORTE ", " LICENCIA LICENCIAS LIC LICENSE ",
        " CEDULA CED ", " NIT ", " MOTOR MOT MTR ENGINE ", " CHASIS CHASSIS CHACIS CHAZIZ CHAZIS SERIE ", " VIN NIV BIN ",
        " DUI DNI IDENTIDAD "};
    static const char *const RONDA_LONG_LABELS[11] = {
        0, "PLACA", 0, "PASAPORTE", "LICENCIA", "CEDULA", 0, 0, "CHASIS", 0, 0};
    """
    const char** LABEL_WORDS "RONDA_LABELS"
    const char** LONG_LABELS "RONDA_LONG_LABELS"

# Words that differ from a label in one letter and are none.
cdef const char* OTHER_WORDS = b" PLAZA PLATA FLACA PLAYA PLAGA PLANA BLACA CASIS "


cdef bint _one_slip(const char* a, int n, const char* b, int m) noexcept nogil:
    """Returns whether one letter is lost, doubled, another, or exchanged with its neighbour."""
    cdef int start = 0
    if n - m > 1 or m - n > 1:
        return False
    while start < n and start < m and a[start] == b[start]:
        start += 1
    if n == m:
        if start == n or memcmp(a + start + 1, b + start + 1, n - start - 1) == 0:
            return True
        return start + 1 < n and a[start] == b[start + 1] and a[start + 1] == b[start] and memcmp(
            a + start + 2, b + start + 2, n - start - 2) == 0
    if n < m:
        return memcmp(a + start, b + start + 1, n - start) == 0
    return memcmp(a + start + 1, b + start, m - start) == 0


cdef int label_at(BoxTokens* t, int i) noexcept nogil:
    cdef int k, n = t.items[i].n
    cdef const char* text = t.text + t.items[i].at
    if t.items[i].letters != n:
        return NO_LABEL
    for k in range(1, LABELS):
        if token_in(t, i, LABEL_WORDS[k]):
            break
        if n >= SLIP_MIN - 1 and LONG_LABELS[k] != NULL and not token_in(t, i, OTHER_WORDS) and text[0] == LONG_LABELS[k][0] and (
                n >= SLIP_MIN or strlen(LONG_LABELS[k]) == SLIP_MIN) and _one_slip(
                text, n, LONG_LABELS[k], <int>strlen(LONG_LABELS[k])):
            break
    else:
        return NO_LABEL
    t.items[i].role = LABEL
    return k


cdef bint label_country(const BoxTokens* t, int i, char* country) noexcept nogil:
    if token_is(t, i, "DUI") or token_is(t, i, "IDENTIDAD") and i >= 2 and token_is(t, i - 2, "UNICO"):
        memcpy(country, b"SLV", 3)
        return True
    if token_is(t, i, "DNI"):
        memcpy(country, b"HND", 3)
        return True
    return False


cdef void join_initials(BoxTokens* t) noexcept nogil:
    cdef char word[WORD_MAX]
    cdef int i, n
    for i in range(t.n - 2):
        if t.items[i].n != 1 or t.items[i + 1].n != 1 or t.items[i + 2].n != 1:
            continue
        n = join_tokens(t, i, i + 3, word, WORD_MAX)
        if n == 3 and (memcmp(word, b"DPI", 3) == 0 or memcmp(word, b"NIT", 3) == 0 or memcmp(word, b"CUI", 3) == 0
                       or memcmp(word, b"VIN", 3) == 0 or memcmp(word, b"DUI", 3) == 0):
            replace_tokens(t, i, i + 3, word, 3)
            return
