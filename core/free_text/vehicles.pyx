"""Words about vehicles, without the GIL."""

from libc.string cimport memchr, memcmp, memcpy, memset, strlen

from core.identifiers.plates cimport read_type
from core.identifiers.rules cimport RULE_CHARACTERS, RULE_FORMAT, RULE_LENGTH, RULE_OK, Plate
from core.identifiers.text cimport all_digits, is_digit
from core.names.keys cimport fold_into

cdef extern from *:
    """
    typedef struct { const char *word; unsigned int mask; } ronda_word;
    /* Colours. A word has the bits of all that it may be taken for: silver and grey, wine and red. */
    enum { WHITE = 1, BLACK = 2, GREY = 4, RED = 8, BLUE = 16, GREEN = 32, YELLOW = 64, BROWN = 128, BEIGE = 256,
           ORANGE = 512, PURPLE = 1024, PINK = 2048 };
    static const ronda_word COLOUR_WORDS[] = {
        {"AMARILLA", YELLOW}, {"AMARILLO", YELLOW}, {"ANARANJADA", ORANGE}, {"ANARANJADO", ORANGE}, {"ARENA", BEIGE},
        {"AZUL", BLUE}, {"BEIGE", BEIGE}, {"BEIG", BEIGE}, {"BLACK", BLACK}, {"BLANCA", WHITE}, {"BLANCO", WHITE},
        {"BLUE", BLUE}, {"BRONCE", BROWN}, {"BROWN", BROWN}, {"CAFE", BROWN}, {"CELESTE", BLUE},
        {"CHAMPAGNE", BEIGE | YELLOW}, {"CORINTO", RED | PURPLE}, {"CREMA", BEIGE | WHITE}, {"CREAM", BEIGE | WHITE},
        {"DORADA", YELLOW | BEIGE}, {"DORADO", YELLOW | BEIGE}, {"FUCSIA", PINK}, {"GOLD", YELLOW | BEIGE},
        {"GRAY", GREY}, {"GREEN", GREEN}, {"GREY", GREY}, {"GRIS", GREY}, {"LILA", PURPLE}, {"MAROON", RED | BROWN},
        {"MARRON", BROWN}, {"MORADA", PURPLE}, {"MORADO", PURPLE}, {"NARANJA", ORANGE}, {"NEGRA", BLACK},
        {"NEGRO", BLACK}, {"ORANGE", ORANGE}, {"PERLA", WHITE}, {"PINK", PINK}, {"PLATA", GREY}, {"PLATEADA", GREY},
        {"PLATEADO", GREY}, {"PLOMO", GREY}, {"PURPLE", PURPLE}, {"RED", RED}, {"ROJA", RED}, {"ROJO", RED},
        {"ROSADA", PINK}, {"ROSADO", PINK}, {"SILVER", GREY}, {"TURQUESA", BLUE | GREEN}, {"VERDE", GREEN},
        {"VINO", RED | PURPLE}, {"VIOLETA", PURPLE}, {"WHITE", WHITE}, {"YELLOW", YELLOW}, {0, 0}};
    /* Kinds. In Guatemala a camioneta is a sport utility vehicle, or a bus. */
    enum { CAR = 1, PICKUP = 2, SUV = 4, MOTORCYCLE = 8, MOTOTAXI = 16, BUS = 32, TRUCK = 64, VAN = 128, TRAILER = 256 };
    static const ronda_word KIND_WORDS[] = {
        {"AUTO", CAR}, {"AUTOBUS", BUS}, {"AUTOMOVIL", CAR}, {"BUS", BUS}, {"BUSETA", BUS}, {"CABEZAL", TRUCK},
        {"CAMION", TRUCK}, {"CAMIONETA", SUV | BUS}, {"CAMIONETILLA", SUV}, {"CAR", CAR}, {"CARRO", CAR},
        {"COUPE", CAR}, {"FURGON", TRUCK | VAN | TRAILER}, {"HATCHBACK", CAR}, {"LORRY", TRUCK}, {"MICROBUS", BUS},
        {"MINIBUS", BUS}, {"MOTO", MOTORCYCLE}, {"MOTOBIKE", MOTORCYCLE}, {"MOTOCICLETA", MOTORCYCLE},
        {"MOTORBIKE", MOTORCYCLE}, {"MOTORCYCLE", MOTORCYCLE}, {"MOTOTAXI", MOTOTAXI}, {"PANEL", VAN}, {"PICK", PICKUP},
        {"PICKUP", PICKUP}, {"PICOP", PICKUP}, {"PLATAFORMA", TRAILER}, {"REMOLQUE", TRAILER}, {"SCOOTER", MOTORCYCLE},
        {"SEDAN", CAR}, {"SEMIREMOLQUE", TRAILER}, {"SUV", SUV}, {"TRACTOCAMION", TRUCK}, {"TRAILER", TRUCK | TRAILER},
        {"TRUCK", TRUCK | PICKUP}, {"TUC", MOTOTAXI}, {"TUCTUC", MOTOTAXI}, {"VAN", VAN}, {"VOLTEO", TRUCK}, {0, 0}};
    static const char *MAKES[] = {
        "AHM", "AUDI", "BAJAJ", "BMW", "CHEVROLET", "CHRYSLER", "DAIHATSU", "DATSUN", "DODGE", "FIAT", "FORD", "FREEDOM",
        "FREIGHTLINER", "GMC", "HERO", "HINO", "HONDA", "HYUNDAI", "INTERNATIONAL", "ISUZU", "ITALIKA", "JEEP",
        "KAWASAKI", "KENWORTH", "KIA", "LEXUS", "MACK", "MAZDA", "MERCEDES", "MITSUBISHI", "NISSAN", "PETERBILT",
        "PEUGEOT", "RENAULT", "SUBARU", "SUZUKI", "TOYOTA", "TVS", "VOLKSWAGEN", "VOLVO", "YAMAHA", 0};
    /* Words that say nothing by themselves. */
    static const char *FILLERS[] = {
        "A", "AND", "CHASIS", "CHASSIS", "COLOR", "COLOUR", "CON", "DE", "DEL", "EL", "EN", "ENGINE", "LA", "LINE",
        "LINEA", "MAKE", "MARCA", "MODEL", "MODELO", "MOTOR", "NO", "NUMBER", "NUMERO", "PLACA", "PLACAS", "PLATE", "THE",
        "TIPO", "TYPE", "UN", "UNA", "UP", "VEHICLE", "VEHICULO", "VIN", "WITH", "Y", "YEAR", 0};
    """
    ctypedef struct ronda_word:
        const char* word
        unsigned int mask
    const ronda_word* COLOUR_WORDS
    const ronda_word* KIND_WORDS
    const char** MAKES
    const char** FILLERS

cdef enum:
    TEXT_MAX = 840               # bytes of 200 characters, and what "..." becomes
    FOLDED = 1024
    TOKENS = 64
    NUMBER_MIN = 6               # of a VIN, chassis or engine number and their tails
    NUMBER_MAX = 20
    PLATE_NUMBER = 6             # characters of a Guatemalan plate after its type

cdef struct Token:
    const char* text
    size_t n

cdef struct Tokens:
    Token items[64]
    int n


cdef bint _is(const char* a, size_t n, const char* word) noexcept nogil:
    return strlen(word) == n and memcmp(a, word, n) == 0


cdef bint _listed(const char** words, const char* text, size_t n) noexcept nogil:
    cdef int i = 0
    while words[i] != NULL:
        if _is(text, n, words[i]):
            return True
        i += 1
    return False


cdef uint32_t _word_mask(const ronda_word* table, const char* text, size_t n) noexcept nogil:
    cdef int i = 0
    while table[i].word != NULL:
        if _is(text, n, table[i].word):
            return table[i].mask
        i += 1
    return 0


cdef uint32_t _mask(const ronda_word* table, const char* folded, size_t length) noexcept nogil:
    cdef size_t start = 0, end
    cdef uint32_t mask = 0
    while start < length:
        end = start
        while end < length and folded[end] != c" ":
            end += 1
        mask |= _word_mask(table, folded + start, end - start)
        start = end + 1
    return mask


cdef uint32_t colour_mask(const char* folded, size_t length) noexcept nogil:
    return _mask(COLOUR_WORDS, folded, length)


cdef bint is_make(const char* folded, size_t length) noexcept nogil:
    return _listed(MAKES, folded, length)


cdef uint32_t kind_mask(const char* folded, size_t length) noexcept nogil:
    return _mask(KIND_WORDS, folded, length)


# ---- plates ----

cdef inline bint _is_wild(char c) noexcept nogil:
    return c == c"?" or c == c"*"


cdef inline bint _is_letter(char c) noexcept nogil:
    return c"A" <= c <= c"Z"


cdef inline bint _is_plate_letter(char c) noexcept nogil:
    return _is_letter(c) and not (c == c"A" or c == c"E" or c == c"I" or c == c"O" or c == c"U")


cdef bint _has_wild(const char* text, size_t n) noexcept nogil:
    cdef size_t i
    for i in range(n):
        if _is_wild(text[i]):
            return True
    return False


cdef bint _is_pattern(const char* text, size_t n) noexcept nogil:
    """Characters of a plate and wildcards alone, the first a digit or a wildcard."""
    cdef size_t i
    if n == 0 or not (is_digit(text[0]) or _is_wild(text[0])):
        return False
    for i in range(n):
        if not (is_digit(text[i]) or _is_letter(text[i]) or _is_wild(text[i])):
            return False
    return True


cdef bint _is_number(const char* text, size_t n, bint typed) noexcept nogil:
    """Three digits and up to three consonants; after a type also letters of any kind, a zero before, or six digits."""
    cdef size_t i
    if typed and n > 3 and text[0] == c"0" and all_digits(text, 4):
        text += 1
        n -= 1
    if n < 3 or n > PLATE_NUMBER or not all_digits(text, 3):
        return False
    if typed and n == PLATE_NUMBER and all_digits(text, PLATE_NUMBER):
        return True
    for i in range(3, n):
        if not (_is_letter(text[i]) if typed else _is_plate_letter(text[i])):
            return False
    return True


cdef size_t _type_before(const char* text, size_t n) noexcept nogil:
    """Letters of the longest plate type that a text begins with, a digit or wildcard after it; 0 = none."""
    cdef size_t length = min(n, <size_t>3)
    while length:
        if length < n and (is_digit(text[length]) or _is_wild(text[length])) and _is_type(text, length):
            return length
        length -= 1
    return 0


cdef bint _is_type(const char* text, size_t n) noexcept nogil:
    cdef Plate plate
    return 0 < n <= 3 and read_type(text, <int>n, &plate) and plate.type_length == n


cdef int _add_to_pattern(PlatePattern* pattern, const char* text, size_t n) noexcept nogil:
    if pattern.length + n > PATTERN_MAX:
        return RULE_LENGTH
    memcpy(pattern.number + pattern.length, text, n)
    pattern.length += n
    return RULE_OK


cdef void _drop_padding(PlatePattern* pattern) noexcept nogil:
    """Older registers write a zero between type and digits."""
    cdef size_t i
    if pattern.type_length == 0 or pattern.length < 5 or pattern.number[0] != c"0":
        return
    for i in range(1, 4):
        if not is_digit(pattern.number[i]):
            return
    pattern.length -= 1
    for i in range(pattern.length):
        pattern.number[i] = pattern.number[i + 1]


cdef int read_plate_pattern(const char* text, size_t n, PlatePattern* patterns) noexcept nogil:
    cdef PlatePattern* whole = &patterns[0]
    cdef PlatePattern* typed = &patterns[1]
    cdef size_t i, type_length
    cdef char c
    cdef bint separated = False
    memset(patterns, 0, 2 * sizeof(PlatePattern))
    for i in range(n):
        c = text[i]
        if c == c" " or c == c"-" or 9 <= c <= 13:
            # Letters alone before the first separator are the type.
            if not separated and whole.length:
                separated = True
                if whole.length <= 3 and _is_letters(whole.number, whole.length):
                    memcpy(whole.type, whole.number, whole.length)
                    whole.type_length = whole.length
                    whole.length = 0
            continue
        if c"a" <= c <= c"z":
            c -= 32
        if not (_is_letter(c) or is_digit(c) or _is_wild(c)):
            return -RULE_CHARACTERS
        if _add_to_pattern(whole, &c, 1):
            return -RULE_LENGTH
    if whole.length == 0:
        return -RULE_FORMAT
    _drop_padding(whole)
    if whole.type_length:
        return 1
    type_length = _type_before(whole.number, whole.length)
    if type_length == 0:
        return 1
    memcpy(typed.type, whole.number, type_length)
    typed.type_length = type_length
    _add_to_pattern(typed, whole.number + type_length, whole.length - type_length)
    _drop_padding(typed)
    return 2


cdef bint _is_letters(const char* text, size_t n) noexcept nogil:
    cdef size_t i
    for i in range(n):
        if not _is_letter(text[i]):
            return False
    return True


# ---- free text ----

cdef int _tokens(const char* text, size_t n, char* clean, Tokens* tokens) noexcept nogil:
    """Upper case; "..." and its sign are *; what is no letter, digit, hyphen or wildcard separates. `clean[TEXT_MAX]`."""
    cdef size_t i = 0, length = 0
    cdef char c
    cdef bint within = False
    tokens.n = 0
    while i < n:
        if length + 4 > TEXT_MAX:
            return RULE_LENGTH
        c = text[i]
        if i + 3 <= n and memcmp(text + i, b"\xe2\x80\xa6", 3) == 0:
            c = c"*"
            i += 2
        elif c == c"." and i + 1 < n and text[i + 1] == c".":
            while i + 1 < n and text[i + 1] == c".":
                i += 1
            c = c"*"
        elif c"a" <= c <= c"z":
            c -= 32
        i += 1
        if not (_is_letter(c) or is_digit(c) or _is_wild(c) or c == c"-" or c & 0x80):
            within = False
            continue
        if not within:
            if tokens.n == TOKENS:
                return RULE_LENGTH
            tokens.items[tokens.n].text = clean + length
            tokens.items[tokens.n].n = 0
            tokens.n += 1
            within = True
        clean[length] = c
        length += 1
        tokens.items[tokens.n - 1].n += 1
    return RULE_OK


cdef size_t _without_hyphens(const Token* token, char* out, size_t cap) noexcept nogil:
    """0 when it does not fit."""
    cdef size_t i, n = 0
    for i in range(token.n):
        if token.text[i] == c"-":
            continue
        if n == cap:
            return 0
        out[n] = token.text[i]
        n += 1
    return n


cdef bint _continues(const Token* token) noexcept nogil:
    """Letters that may follow the three digits of a plate: three consonants, or up to three with a wildcard."""
    cdef size_t i
    cdef bint wild = _has_wild(token.text, token.n)
    if token.n == 0 or token.n > 4 or (not wild and token.n != 3) or _listed(MAKES, token.text, token.n):
        return False
    for i in range(token.n):
        if not (_is_plate_letter(token.text[i]) or _is_wild(token.text[i])):
            return False
    return True


cdef bint _pattern_of(const char* text, size_t n, bint hyphen, PlatePattern* plate) noexcept nogil:
    """Returns whether one token without its hyphens is a plate, with its type or without."""
    cdef size_t type_length = _type_before(text, n)
    cdef const char* body = text + type_length
    cdef size_t body_n = n - type_length
    if type_length and _is_pattern(body, body_n) and (hyphen or _has_wild(body, body_n) or _is_number(body, body_n, True)):
        if body_n > PATTERN_MAX or (hyphen and not _has_wild(body, body_n) and not _is_number(body, body_n, True)
                                    and not (body_n < 3 and all_digits(body, <int>body_n))):
            return False
        memcpy(plate.type, text, type_length)
        plate.type_length = type_length
        memcpy(plate.number, body, body_n)
        plate.length = body_n
        return True
    if n <= PATTERN_MAX and _is_pattern(text, n) and (_has_wild(text, n) or _is_number(text, n, False)):
        plate.type_length = 0
        memcpy(plate.number, text, n)
        plate.length = n
        return True
    return False


cdef int _take_plate(const Tokens* tokens, int at, VehicleWords* out) noexcept nogil:
    """Tokens of a plate that begins at token `at`; 0 = none begins there, or -RULE_*."""
    cdef char text[40]
    cdef const Token* token = &tokens.items[at]
    cdef const Token* body
    cdef PlatePattern found
    cdef size_t n
    cdef int taken = 1
    memset(&found, 0, sizeof(found))
    n = _without_hyphens(token, text, sizeof(text))
    if _is_type(text, n) and at + 1 < tokens.n:
        body = &tokens.items[at + 1]
        if _is_pattern(body.text, body.n) and body.n <= PATTERN_MAX and (
                _has_wild(body.text, body.n) or _is_number(body.text, body.n, True)
                or (body.n < 3 and all_digits(body.text, <int>body.n))):
            memcpy(found.type, text, n)
            found.type_length = n
            memcpy(found.number, body.text, body.n)
            found.length = body.n
            taken = 2
    if taken == 1 and not (n and _pattern_of(text, n, n < token.n, &found)):
        return 0
    if out.plate.length:
        return -RULE_FORMAT
    _drop_padding(&found)
    if found.length == 3 and memchr(found.number, c"*", 3) == NULL and at + taken < tokens.n:
        body = &tokens.items[at + taken]
        if _continues(body):
            _add_to_pattern(&found, body.text, body.n)
            taken += 1
    # A plate that is shorter than a plate is how it begins.
    if memchr(found.number, c"*", found.length) == NULL and found.length < PLATE_NUMBER:
        _add_to_pattern(&found, "*", 1)
    out.plate = found
    return taken


cdef bint _take_number(const Token* token, VehicleWords* out) noexcept nogil:
    """Returns whether a token is a model year, or a VIN, chassis or engine number or the tail of one."""
    cdef char text[40]
    cdef size_t i, n = _without_hyphens(token, text, sizeof(text))
    cdef bint digits = False
    cdef int year
    if n == 4 and all_digits(text, 4):
        year = (text[0] - c"0") * 1000 + (text[1] - c"0") * 100 + (text[2] - c"0") * 10 + text[3] - c"0"
        if 1950 <= year <= 2099 and out.model_year == 0:
            out.model_year = year
            return True
    if not NUMBER_MIN <= n <= NUMBER_MAX or out.number_length:
        return False
    for i in range(n):
        if not (is_digit(text[i]) or _is_letter(text[i])):
            return False
        digits = digits or is_digit(text[i])
    if not digits:
        return False
    memcpy(out.number, text, n)
    out.number_length = n
    return True


cdef size_t _folded_word(const Token* token, char* out, size_t cap) noexcept nogil:
    """The token folded, without spaces; 0 = nothing, or longer than `cap`."""
    cdef char folded[1024]
    cdef int i, length = fold_into(token.text, token.n, folded, sizeof(folded))
    cdef size_t n = 0
    for i in range(length):
        if folded[i] == c" ":
            continue
        if n == cap:
            return 0
        out[n] = folded[i]
        n += 1
    return n


cdef int _take_word(const Tokens* tokens, int at, VehicleWords* out) noexcept nogil:
    """Tokens taken, or -RULE_*."""
    cdef char word[64]
    cdef uint32_t mask
    cdef size_t n = _folded_word(&tokens.items[at], word, sizeof(word))
    if n == 0:
        return 1 if tokens.items[at].n < sizeof(word) else -RULE_LENGTH
    if at + 1 < tokens.n and _is(word, n, "BLUE") and _is(tokens.items[at + 1].text, tokens.items[at + 1].n, "BIRD"):
        memcpy(out.make, b"BLUE BIRD", 9)
        out.make_length = 9
        return 2
    if _listed(FILLERS, word, n):
        return 1
    mask = _word_mask(COLOUR_WORDS, word, n)
    if mask:
        out.colours |= mask
        return 1
    mask = _word_mask(KIND_WORDS, word, n)
    if mask:
        out.kinds |= mask
        return 1
    if n > WORD_BYTES:
        return -RULE_LENGTH
    if out.make_length == 0 and _listed(MAKES, word, n):
        memcpy(out.make, word, n)
        out.make_length = n
        return 1
    if out.n_words == WORDS_MAX:
        return -RULE_LENGTH
    memcpy(out.words[out.n_words], word, n)
    out.lengths[out.n_words] = n
    out.n_words += 1
    return 1


cdef int read_vehicle_words(const char* text, size_t n, VehicleWords* out) noexcept nogil:
    cdef char clean[840]
    cdef Tokens tokens
    cdef int at = 0, taken, rule
    memset(out, 0, sizeof(VehicleWords))
    rule = _tokens(text, n, clean, &tokens)
    if rule != RULE_OK:
        return rule
    while at < tokens.n:
        taken = _take_plate(&tokens, at, out)
        if taken == 0 and _take_number(&tokens.items[at], out):
            taken = 1
        elif taken == 0:
            if _has_wild(tokens.items[at].text, tokens.items[at].n):
                return RULE_FORMAT
            taken = _take_word(&tokens, at, out)
        if taken < 0:
            return -taken
        at += taken
    if not (out.plate.length or out.number_length or out.model_year or out.colours or out.kinds or out.make_length
            or out.n_words):
        return RULE_FORMAT
    return RULE_OK


def vehicle_words(str text, /):
    cdef VehicleWords words
    cdef bytes data = text.encode("utf-8", "surrogatepass")
    if read_vehicle_words(data, len(data), &words) != RULE_OK:
        return None
    plate = (words.plate.type[:words.plate.type_length].decode(), words.plate.number[:words.plate.length].decode())
    return {
        "plate": f"{plate[0] or '?'}-{plate[1]}" if plate[1] else "",
        "number": words.number[:words.number_length].decode(),
        "model_year": words.model_year,
        "colours": words.colours,
        "kinds": words.kinds,
        "make": words.make[:words.make_length].decode(),
        "words": [words.words[i][:words.lengths[i]].decode() for i in range(words.n_words)],
    }
