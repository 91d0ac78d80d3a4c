"""Numbers among other words, without the GIL. Nothing here is for Python."""

from libc.string cimport memcpy

from core.free_text.birth cimport date_at
from core.free_text.labels cimport (
    CHASSIS_LABEL, ENGINE_LABEL, FOREIGN_LABEL, LICENCE_LABEL, NIT_LABEL, NO_LABEL, PASSPORT_LABEL, VIN_LABEL, label_at,
)
from core.free_text.tokens cimport (
    FREE, LABEL, NUMBER, SAID, BoxTokens, is_number_token, join_tokens, text_in, token_in, token_value,
)
from core.identifiers.countries cimport country_of_words
from core.identifiers.numbers cimport cui_rule, read_cedula
from core.identifiers.rules cimport RULE_OK
from core.identifiers.text cimport as_digit, is_digit

cdef enum:
    CUI_LENGTH = 13
    VIN_LENGTH = 17
    WORDS_BETWEEN = 6        # at most, of a label and its number
    SHORT = 6                # a piece of a number that is shorter goes on behind a blank
    ENGINE_MAX = 14          # characters of an engine number in pieces
    DOCUMENT_MIN = 5
    HONDURAS_DEPARTMENTS = 18

cdef const char* REGISTER_WORDS = b" ORDEN REG REGISTRO NO NUM NRO NUMERO DE "


# Codes of countries that are no Spanish words.
cdef const char* COUNTRY_CODES = b" GTM HND SLV NIC CRI BLZ MEX USA "


cdef inline bint _joins_digits(char sign) noexcept nogil:
    return sign == c" " or sign == c"-" or sign == c"." or sign == c"/"


cdef int cui_at(const BoxTokens* t, int first, char* out) noexcept nogil:
    cdef int i = first, n = 0
    while i < t.n and is_number_token(t, i) and n + t.items[i].n <= CUI_LENGTH:
        if i > first and not _joins_digits(t.items[i].before):
            return 0
        memcpy(out + n, t.text + t.items[i].at, t.items[i].n)
        n += t.items[i].n
        i += 1
        if n == CUI_LENGTH:
            return i - first if cui_rule(out) == RULE_OK else 0
    return 0


cdef bint _holds_digit(const BoxTokens* t, int i) noexcept nogil:
    return 0 <= i < t.n and t.items[i].letters < t.items[i].n


cdef bint _goes_on(const BoxTokens* t, int first, int i, int label, int size) noexcept nogil:
    """Returns whether token `i` is a further piece of the number that began at token `first`."""
    cdef char sign = t.items[i].before
    cdef bint digits = is_number_token(t, i)
    if t.items[i].role == LABEL:
        return False
    if sign == c"-":
        return _holds_digit(t, i) or t.items[i].n == 1
    if sign == c".":
        return digits
    if sign != c" ":
        return False
    if label in (ENGINE_LABEL, CHASSIS_LABEL, VIN_LABEL):
        if digits and not 1950 <= token_value(t, i) <= 2050 and size + t.items[i].n <= ENGINE_MAX and (
                t.items[i].n >= SHORT or is_number_token(t, i - 1) or size < SHORT):
            return True
        return _holds_digit(t, i) and (size < SHORT or size + t.items[i].n == VIN_LENGTH)
    if label == NIT_LABEL and t.items[i].letters == 1 and t.text[t.items[i].at + t.items[i].n - 1] == c"K":
        return size + t.items[i].n <= CUI_LENGTH
    return digits and is_number_token(t, i - 1) and size + t.items[i].n <= CUI_LENGTH


cdef bint _holds_ioq(const BoxTokens* t, int i) noexcept nogil:
    cdef int k
    for k in range(t.items[i].at, t.items[i].at + t.items[i].n):
        if t.text[k] in (c"I", c"O", c"Q"):
            return True
    return False


cdef int _whole_vin(const BoxTokens* t, int first) noexcept nogil:
    """Returns the token behind which pieces, all but the first with digits, make seventeen characters; 0 = none.

    A word with I, O or Q is no piece, for no VIN has them (ISO 3779): "vin terminacion 900006".
    """
    cdef int i = first, size = 0
    while i < t.n and size < VIN_LENGTH and (i == first and t.items[i].n >= 3 and not _holds_ioq(t, i) or _holds_digit(t, i)):
        size += t.items[i].n
        i += 1
    return i if size == VIN_LENGTH else 0


cdef int _take(BoxTokens* t, int first, int label, char* out) noexcept nogil:
    """Takes the number that has `first` as its first token with a digit."""
    cdef int start = first, end = first + 1, size = t.items[first].n, i
    cdef bint free = label in (LICENCE_LABEL, PASSPORT_LABEL)
    if start and t.items[start].before == c"-" and t.items[start - 1].letters == t.items[start - 1].n <= 3 and (
            t.items[start - 1].role == FREE):
        start -= 1
    elif start and free and t.items[start].before == c" " and t.items[start - 1].n == 1 and (
            t.items[start - 1].role == FREE and not token_in(t, start - 2, " TIPO CLASE ")):
        start -= 1
    while start and label != ENGINE_LABEL and t.items[start].before == c"-" and is_number_token(t, start - 1):
        start -= 1
    if start and label == ENGINE_LABEL and t.items[start].before == c" " and _holds_digit(t, start - 1) and (
            t.items[start - 1].role == FREE and 0 < t.items[start - 1].letters and t.items[start - 1].n < SHORT):
        start -= 1               # "4D56 UCAZ8817 motor"
    for i in range(start, first):
        size += t.items[i].n
    if label in (CHASSIS_LABEL, VIN_LABEL):
        i = _whole_vin(t, start)
        if i == 0 and start and t.items[start - 1].role == FREE and _whole_vin(t, start - 1):
            start -= 1
            i = _whole_vin(t, start)
        if i:
            size = VIN_LENGTH
            end = i
    while end < t.n and _goes_on(t, start, end, label, size):
        size += t.items[end].n
        end += 1
    size = join_tokens(t, start, end, out, BESIDE_MAX)
    for i in range(start, end):
        t.items[i].role = NUMBER
    return _with_digits(out, size) if label in (PASSPORT_LABEL, FOREIGN_LABEL) else size


cdef int _with_digits(char* out, int size) noexcept nogil:
    """Reads O and I as digits behind the first letter, where nothing but digits is left: "BO456I283".

    An identity number of Honduras has no letter.
    """
    cdef int k, first = 0 if size == CUI_LENGTH else 1
    if size < 2:
        return size
    for k in range(first, size):
        if not is_digit(as_digit(out[k])):
            return size
    for k in range(first, size):
        out[k] = as_digit(out[k])
    return size


cdef bint _is_year(const BoxTokens* t, int i) noexcept nogil:
    """A year of four digits, with nothing that it may be a part of."""
    return t.items[i].n == 4 and 1900 <= token_value(t, i) <= 2099 and not (i + 1 < t.n and _holds_digit(t, i + 1))


cdef int number_beside(BoxTokens* t, int at, int label, char* out) noexcept nogil:
    cdef int i, least = 1 if label == NIT_LABEL else 4
    # "UCAZ8817 motor del L200": what stands right before the word is meant, where nothing stands right behind it.
    if at and _holds_digit(t, at - 1) and t.items[at - 1].role == FREE and t.items[at - 1].n > 4 and not _holds_digit(t, at + 1):
        return _take(t, at - 1, label, out)
    for i in range(at + 1, min(t.n, at + 2 + WORDS_BETWEEN)):
        if t.items[i].role == SAID:  # its country
            continue
        if date_at(t, i) or label == PASSPORT_LABEL and i > at + 1 and _is_year(t, i):
            break                    # "pasaporte JOSE FAJARDO 1998": too short for a number, and behind a name
        if t.items[i].role != FREE or label_at(t, i) != NO_LABEL:
            break
        if _holds_digit(t, i) and (t.items[i].n >= least or i + 1 < t.n and t.items[i + 1].before in (c"-", c" ", c".")
                                   and _holds_digit(t, i + 1)):
            return _take(t, i, label, out)
    for i in range(at - 1, max(-1, at - 2 - WORDS_BETWEEN), -1):
        if t.items[i].role == SAID:
            continue
        if t.items[i].role != FREE:
            break
        if _holds_digit(t, i) and (t.items[i].n >= least or t.items[i].before == c"-" and i > 0):
            return _take(t, i, label, out)
    return 0


# ---- cédulas ----

cdef int _registry(const BoxTokens* t, int first, char* out) noexcept nogil:
    """BoxTokens of the registro behind the orden, its digits into out[8]; 0 = none."""
    cdef int i = first, n = 0
    while token_in(t, i, REGISTER_WORDS):
        i += 1
    while i < t.n and is_number_token(t, i) and n + t.items[i].n <= 8:
        if n and not (t.items[i].before in (c",", c".") and t.items[i].n == 3):
            break
        memcpy(out + n, t.text + t.items[i].at, t.items[i].n)
        n += t.items[i].n
        i += 1
    out[n] = 0
    return i - first if n >= 2 else 0


cdef int cedula_at(BoxTokens* t, int first, char* out) noexcept nogil:
    cdef char written[BESIDE_MAX]
    cdef char digits[9]
    cdef int i = first, k, size = 0, taken, orden
    cdef bint labelled = t.items[first].role == LABEL, apart
    if labelled:
        i += 1
        while i < t.n and i <= first + 3 and token_in(t, i, REGISTER_WORDS):
            i += 1
    if i >= t.n:
        return 0
    if t.items[i].letters == 1 and 2 <= t.items[i].n <= 3 and not is_digit(t.text[t.items[i].at]):
        orden = 1                    # "O16"
        if not labelled and (i + 1 >= t.n or t.items[i + 1].before != c"-"):
            return 0
    elif t.items[i].letters == 1 and t.items[i].n == 1 and is_number_token(t, i + 1) and t.items[i + 1].n <= 2 and (
            t.items[i + 1].before == c"-" or labelled):
        orden = 2                    # "A-1"
    else:
        return 0
    taken = _registry(t, i + orden, digits)
    if taken == 0:
        return 0
    size = join_tokens(t, i, i + orden, written, BESIDE_MAX - 10)
    written[size] = c" "
    size += 1
    k = 0
    while digits[k]:
        written[size] = digits[k]
        size += 1
        k += 1
    if read_cedula(written, size, out, &k, &apart) != RULE_OK:
        return 0
    for size in range(i, i + orden + taken):
        t.items[size].role = NUMBER
    return k


# ---- other countries ----

cdef bint country_at(BoxTokens* t, char* country) noexcept nogil:
    cdef char joined[BESIDE_MAX]
    cdef int i, k, size
    for i in range(t.n):
        for k in range(2, 0, -1):
            if i + k > t.n or t.items[i].n < 3 and k == 1 or t.items[i].role != FREE:
                continue
            size = join_tokens(t, i, i + k, joined, BESIDE_MAX)
            if (size >= 4 or text_in(joined, size, COUNTRY_CODES)) and country_of_words(joined, size, country):
                t.items[i].role = SAID
                t.items[i + k - 1].role = SAID
                return True
    return False


cdef int foreign_number(BoxTokens* t, char* out) noexcept nogil:
    cdef char number[BESIDE_MAX]
    cdef int i, size, best = 0, behind_date = 0
    for i in range(t.n):
        behind_date = max(behind_date, i + date_at(t, i))
        if t.items[i].role != FREE or not _holds_digit(t, i) or i < behind_date:
            continue
        if t.items[i].n < DOCUMENT_MIN - 1 and not (i + 1 < t.n and t.items[i + 1].before in (c"-", c" ") and _holds_digit(
                t, i + 1)):
            continue
        size = _take(t, i, FOREIGN_LABEL, number)
        if size >= DOCUMENT_MIN and best == 0:
            memcpy(out, number, size)
            best = size
    return best


cdef int identity_of_honduras(BoxTokens* t, char* out) noexcept nogil:
    cdef int i, year
    for i in range(t.n - 2):
        if t.items[i].n == 4 and t.items[i + 1].n == 4 and t.items[i + 2].n == 5 and is_number_token(
                t, i) and is_number_token(t, i + 1) and is_number_token(t, i + 2):
            year = token_value(t, i + 1)
            if 1 <= token_value(t, i) // 100 <= HONDURAS_DEPARTMENTS and 1900 <= year <= 2099:
                t.items[i].role = t.items[i + 1].role = t.items[i + 2].role = NUMBER
                return join_tokens(t, i, i + 3, out, BESIDE_MAX)
    return 0
