"""One box read as people type into it, without the GIL.

Reading begins from texts that are certain by their own rule: a machine readable zone, a CUI with a right check digit, a
plate, a number behind a word for its kind. The words beside it are descriptions, and are never joined to it.
"""

from libc.string cimport memcpy, memset

from core.free_text.birth cimport take_birth
from core.free_text.labels cimport (
    CEDULA_LABEL, CHASSIS_LABEL, CUI_LABEL, ENGINE_LABEL, FOREIGN_LABEL, LICENCE_LABEL, NIT_LABEL, NO_LABEL,
    PASSPORT_LABEL, PLATE_LABEL, VIN_LABEL, join_initials, label_at, label_country,
)
from core.free_text.numbers_beside cimport (
    cedula_at, country_at, cui_at, foreign_number, identity_of_honduras, number_beside,
)
from core.free_text.plates_beside cimport plate_at
from core.free_text.scanned cimport Scanned, is_unread_zone, read_scanned
from core.free_text.sentences cimport write_name, write_names_beside
from core.free_text.spoken cimport write_spoken
from core.free_text.tokens cimport FREE, LABEL, NUMBER, SAID, SEEN, BoxTokens, join_tokens, split_tokens, token_in, token_value
from core.free_text.vehicles cimport colour_mask, is_make
from core.identifiers.canonical cimport canonical_into, fits_vin
from core.identifiers.kinds cimport (
    KEY_CEDULA, KEY_CHASSIS_TAIL, KEY_CUI, KEY_ENGINE, KEY_LICENCE, KEY_NIT, KEY_PLATE, KEY_VIN,
)
from core.identifiers.rules cimport CANONICAL_MAX, RULE_OK

cdef enum:
    NUMBER_TEXT = 40
    VIN_LENGTH = 17
    TAIL_MAX = 8

cdef const char* PASSPORT_WORDS = b" PASAPORTE PASS PAS PASSPORT DOCUMENTO NO NRO NUM NUMERO DE "
cdef const char* MODEL_WORDS = b" MODELO MOD ANO "


cdef bint _put(BoxText* out, const char* text, int n) noexcept nogil:
    if out.size + n > BOX_TEXT:
        return False
    memcpy(out.text + out.size, text, n)
    out.size += n
    return True


cdef void _mark(BoxTokens* t, int first, int last, int role) noexcept nogil:
    cdef int i
    for i in range(first, last):
        t.items[i].role = role


cdef bint _is_whole(const BoxTokens* t) noexcept nogil:
    """Returns whether nothing stands beside the number."""
    cdef int i
    for i in range(t.n):
        if t.items[i].role != NUMBER:
            return False
    return True


cdef bint _from_scan(const char* text, size_t n, BoxText* out) noexcept nogil:
    cdef Scanned scan
    if not read_scanned(text, n, &scan):
        return False
    if scan.country[0]:
        _put(out, scan.country, 3)
        _put(out, ":", 1)
    _put(out, scan.number, scan.length)
    out.born.year, out.born.month, out.born.day, out.born.sex = scan.year, scan.month, scan.day, scan.sex
    return True


# ---- what is certain by its own rule ----

cdef int _take_cuis(BoxTokens* t, char* out) noexcept nogil:
    """Counts the different CUIs, 2 at most; the first goes into out[13]."""
    cdef char digits[13]
    cdef int i = 0, k, taken, found = 0
    while i < t.n:
        taken = cui_at(t, i, digits)
        if taken:
            _mark(t, i, i + taken, NUMBER)
            if found == 0:
                memcpy(out, digits, 13)
                found = 1
            else:
                for k in range(13):
                    if out[k] != digits[k]:
                        found = 2
        i += max(taken, 1)
    return found


cdef int _take_plates(BoxTokens* t, char* out, int* n) noexcept nogil:
    """Counts plates as `_take_cuis` does CUIs; out[12]."""
    cdef char text[12]
    cdef int i = 0, k, taken, size = 0, found = 0
    while i < t.n:
        taken = plate_at(t, i, text, &size) if t.items[i].role == FREE else 0
        if taken:
            _mark(t, i, i + taken, NUMBER)
            if found == 0:
                memcpy(out, text, size)
                n[0] = size
                found = 1
            else:
                for k in range(1, 7):  # the six characters; a type may stand beside one alone
                    if out[n[0] - k] != text[size - k]:
                        found = 2
        i += max(taken, 1)
    return found


# ---- a number and the word for its kind ----

cdef int _kind_of_chassis(int size) noexcept nogil:
    return KEY_VIN if size > TAIL_MAX else KEY_CHASSIS_TAIL


cdef bint _take_labelled(BoxTokens* t, bint foreign, const char* said, BoxText* out) noexcept nogil:
    """foreign: a country was said."""
    cdef char number[NUMBER_TEXT]
    cdef char country[3]
    cdef int i, label, size
    memcpy(country, said, 3)
    for i in range(t.n):
        if t.items[i].role not in (FREE, LABEL):
            continue
        label = label_at(t, i)
        if label == NO_LABEL or label == CUI_LABEL or label == PLATE_LABEL:
            continue
        if label == CEDULA_LABEL and not foreign:
            size = cedula_at(t, i, number)
            if size:
                _put(out, number, size)
                out.kind = KEY_CEDULA
                return True
            continue
        size = number_beside(t, i, label, number)
        if size == 0:
            if token_in(t, i, " LIC "):  # a lawyer's title
                t.items[i].role = FREE
            continue
        if label == FOREIGN_LABEL and not foreign:
            foreign = label_country(t, i, country)
            if not foreign:
                continue
        if label in (ENGINE_LABEL, CHASSIS_LABEL, VIN_LABEL):
            out.of_vehicle = True
            out.kind = KEY_ENGINE if label == ENGINE_LABEL else _kind_of_chassis(size)
        elif foreign:
            _put(out, country, 3)
            _put(out, ":", 1)
        elif label == PASSPORT_LABEL:
            _put(out, "PASAPORTE ", 10)
        else:
            out.kind = KEY_LICENCE if label == LICENCE_LABEL else KEY_NIT if label == NIT_LABEL else 0
        _put(out, number, size)
        return True
    return False


cdef void _take_also(BoxTokens* t, BoxText* out) noexcept nogil:
    """A VIN, chassis or engine number besides the plate."""
    cdef char number[NUMBER_TEXT]
    cdef int i, label, size
    for i in range(t.n):
        label = label_at(t, i) if t.items[i].role == FREE else NO_LABEL
        if label not in (ENGINE_LABEL, CHASSIS_LABEL, VIN_LABEL):
            continue
        size = number_beside(t, i, label, number)
        if 0 < size <= SEEN_TEXT:
            out.also = KEY_ENGINE if label == ENGINE_LABEL else _kind_of_chassis(size)
            memcpy(out.also_text, number, size)
            out.also_size = size
            return


cdef int _vin_at(const BoxTokens* t, int first, int* last, char* out) noexcept nogil:
    """Seventeen characters of a VIN in one piece, or with hyphens, from token `first` on; where it begins, -1 = none."""
    cdef int i, k, size, letters
    for i in range(first, t.n):
        size = letters = 0
        k = i
        while k < t.n and t.items[k].role == FREE and size < VIN_LENGTH and (k == i or t.items[k].before == c"-"):
            size += t.items[k].n
            letters += t.items[k].letters
            k += 1
        if size == VIN_LENGTH and 0 < letters < size and join_tokens(t, i, k, out, VIN_LENGTH) and fits_vin(out, VIN_LENGTH):
            last[0] = k
            return i
    return -1


cdef bint _take_vin(BoxTokens* t, BoxText* out) noexcept nogil:
    cdef char vin[VIN_LENGTH]
    cdef int last = 0, first = _vin_at(t, 0, &last, vin)
    if first < 0:
        return False
    _put(out, vin, VIN_LENGTH)
    _mark(t, first, last, NUMBER)
    out.kind = KEY_VIN
    out.of_vehicle = True
    return True


cdef bint _take_unlabelled(BoxTokens* t, bint foreign, const char* country, BoxText* out) noexcept nogil:
    """A cédula, a number beside its country, an identity number of Honduras."""
    cdef char number[NUMBER_TEXT]
    cdef int i, size
    for i in range(t.n):
        size = cedula_at(t, i, number) if t.items[i].role == FREE else 0
        if size:
            _put(out, number, size)
            out.kind = KEY_CEDULA
            return True
    if foreign:
        size = foreign_number(t, number)
        if size:
            _put(out, country, 3)
            _put(out, ":", 1)
            return _put(out, number, size)
    size = identity_of_honduras(t, number)
    if size:
        _put(out, "HND:", 4)
        return _put(out, number, size)
    return False


# ---- what was seen ----

cdef void _take_seen(BoxTokens* t, BoxText* out) noexcept nogil:
    """Make, colour and year beside a vehicle's number."""
    cdef int i, year
    cdef const char* text
    cdef bint behind = False     # a word of the vehicle stands before it
    for i in range(t.n):
        text = t.text + t.items[i].at
        if t.items[i].role != FREE:
            behind = False
            continue
        if out.make_size == 0 and t.items[i].n <= SEEN_TEXT and is_make(text, t.items[i].n):
            memcpy(out.make, text, t.items[i].n)
            out.make_size = t.items[i].n
            t.items[i].role = SEEN
        elif out.colour_size == 0 and t.items[i].n <= SEEN_TEXT and colour_mask(text, t.items[i].n):
            memcpy(out.colour, text, t.items[i].n)
            out.colour_size = t.items[i].n
            t.items[i].role = SEEN
        elif out.model_year == 0 and t.items[i].letters == 0 and t.items[i].before in (c" ", c","):
            year = token_value(t, i)
            if t.items[i].n == 4 and 1950 <= year <= 2099:
                out.model_year = year
            elif t.items[i].n == 2 and (token_in(t, i - 1, MODEL_WORDS) or behind and i + 1 == t.n):
                out.model_year = 1900 + year if year >= 50 else 2000 + year
        behind = t.items[i].role == SEEN or t.items[i].letters == t.items[i].n and t.items[i].n >= 4


cdef bint _finish(BoxTokens* t, const char* typed, BoxText* out) noexcept nogil:
    if out.of_vehicle:
        _take_seen(t, out)
    else:
        take_birth(t, False, &out.born)
    out.names_size = write_names_beside(t, typed, out.names, BOX_TEXT)
    return True


cdef bint _is_one_as_written(const char* text, size_t n) noexcept nogil:
    """Returns whether the text is one CUI or plate as clerks write it: "MOTO 123 BCD", "123BCD (P)", "CUI:
    1580352240101"."""
    cdef char canonical[CANONICAL_MAX]
    cdef size_t length
    return canonical_into(KEY_PLATE, text, n, canonical, CANONICAL_MAX, &length) == RULE_OK or canonical_into(
        KEY_CUI, text, n, canonical, CANONICAL_MAX, &length) == RULE_OK


cdef bint _is_number_and_country(const BoxTokens* t) noexcept nogil:
    """Returns whether only a number, a country and words for a passport stand there; a number without letters may be
    digits."""
    cdef int i, numbers = 0
    for i in range(t.n):
        if t.items[i].role == SAID or token_in(t, i, PASSPORT_WORDS):
            continue
        if t.items[i].letters > 1 or numbers and t.items[i].letters:
            return False
        numbers += 1
    return numbers > 0


cdef bint _holds_other_kind(BoxTokens* t, bint of_vehicle) noexcept nogil:
    """Looks for a person's labelled number beside a vehicle's, or a vehicle's beside a person's."""
    cdef char number[NUMBER_TEXT]
    cdef int i, label
    cdef bint vehicles
    for i in range(t.n):
        label = label_at(t, i) if t.items[i].role == FREE else NO_LABEL
        if label == NO_LABEL or label == CUI_LABEL or label == PLATE_LABEL:
            continue
        vehicles = label in (ENGINE_LABEL, CHASSIS_LABEL, VIN_LABEL)
        if vehicles != of_vehicle and number_beside(t, i, label, number):
            return True
        t.items[i].role = FREE       # a further number of the same one
    return False


cdef bint read_box(const char* text, size_t n, BoxText* out) noexcept nogil:
    cdef BoxTokens t
    cdef char cui[13]
    cdef char plate[12]
    cdef char country[3]
    cdef char number[VIN_LENGTH]
    cdef int cuis, plates, vin, last = 0, plate_size = 0
    cdef bint foreign
    memset(out, 0, sizeof(BoxText))
    if _from_scan(text, n, out):
        return True
    if is_unread_zone(text, n):
        out.is_unread = True
        return True
    if not split_tokens(text, n, &t) or t.n < 2 or _is_one_as_written(text, n):
        return False
    join_initials(&t)
    write_spoken(&t)
    cuis = _take_cuis(&t, cui)
    plates = _take_plates(&t, plate, &plate_size)
    vin = _vin_at(&t, 0, &last, number)
    if _is_whole(&t) and (cuis < 2 and plates < 2 and cuis + plates == 1 and t.items[0].first >= 0):
        return False
    if cuis > 1 or plates > 1 or cuis and (plates or vin >= 0) or vin >= 0 and _vin_at(&t, last, &last, number) >= 0:
        out.holds_two = True
        return True
    if (cuis or plates) and _holds_other_kind(&t, plates > 0):
        out.holds_two = True
        return True
    country[0] = 0
    foreign = country_at(&t, country)
    if cuis:
        _put(out, cui, 13)
        return _finish(&t, text, out)
    if plates:
        if foreign and not (country[0] == c"G" and country[1] == c"T"):
            _put(out, country, 3)
            _put(out, ":", 1)
        _put(out, plate, plate_size)
        out.of_vehicle = True
        _take_also(&t, out)
        return _finish(&t, text, out)
    if foreign and _is_number_and_country(&t):
        return False             # read as it stands (core/identifiers/countries.pyx)
    if _take_labelled(&t, foreign, country, out) or _take_vin(&t, out) or _take_unlabelled(&t, foreign, country, out):
        if _is_whole(&t) and out.kind:
            return False         # it stands alone, and is read as it is typed
        return _finish(&t, text, out)
    out.size = write_name(&t, text, n, &out.born, out.text, BOX_TEXT)
    return out.size > 0
