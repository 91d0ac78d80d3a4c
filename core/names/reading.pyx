"""Reading a name for comparison (docs/names.md, "Names"). Called from compiled code; Python calls core.names.comparison."""

from libc.stdint cimport int32_t, uint8_t
from libc.string cimport memchr, memcmp

from core.names.folding cimport FoldedName, fold_name, is_particle
from core.names.frequencies cimport FrequencyTable, token_bits, token_givenness
from core.names.tokens cimport TokenForm, form_token, is_foreign_particle, is_plain_particle

cdef enum:
    DE_MARRIED = 1            # the token follows DE alone: perhaps the husband's surname
    VIUDA_DE = 2              # it follows VIUDA or VDA: surely
    SURNAME_FIRST = -600      # a name that begins with the surnames is rarer, hundredths of a bit
    ALL_INITIALS_GIVEN = 300  # an initial is rather a given name


# Tokens of a name before they are shaped.
cdef struct Reading:
    int count
    uint8_t role[SHAPE_TOKENS]
    uint8_t after[SHAPE_TOKENS]    # DE_MARRIED, VIUDA_DE
    uint8_t position[SHAPE_TOKENS]  # in its part
    uint8_t particle[SHAPE_TOKENS]  # it is one of another language
    int commas                     # tokens before the first comma; -1 = no comma


# DE LEON, DE PAZ: surnames of their own.
cdef inline bint has_own_de(const uint8_t* t, int n) noexcept nogil:
    return (
        n == 4 and (memcmp(t, b"LEON", 4) == 0 or memcmp(t, b"MATA", 4) == 0 or memcmp(t, b"DIOS", 4) == 0)
        or n == 3 and memcmp(t, b"PAZ", 3) == 0
        or n == 5 and memcmp(t, b"JESUS", 5) == 0
    )


# Adds the tokens of one part; particles are kept only with `all_of_them`.
cdef void read_part(const char* text, size_t n, uint8_t role, bint all_of_them, Reading* out, NameShape* shape,
                    TokenForm* forms) noexcept nogil:
    cdef FoldedName name
    cdef int i, position = 0
    cdef bint particle
    cdef bint de = False, other = False, widow = False
    fold_name(<const unsigned char*>text, n, &name)
    for i in range(name.count):
        if out.count == SHAPE_TOKENS:
            return
        particle = is_particle(name.letters[i], name.length[i])
        if particle and not all_of_them:
            if name.length[i] == 2 and name.letters[i][0] == c"D":
                de = True
            elif name.letters[i][0] == c"V":
                widow = True
            else:
                other = True
            continue
        form_token(name.letters[i], name.length[i], &forms[out.count])
        out.role[out.count] = role
        out.position[out.count] = <uint8_t>position
        out.after[out.count] = 0
        if de and widow:
            out.after[out.count] = VIUDA_DE
        elif de and not other and not has_own_de(name.letters[i], name.length[i]):
            out.after[out.count] = DE_MARRIED
        de = other = widow = False
        position += 1
        out.count += 1


cdef int read_parts(const char* text, size_t n, bint all_of_them, Reading* out, NameShape* shape, TokenForm* forms) noexcept nogil:
    cdef const char* end = text + n
    cdef const char* stop
    cdef uint8_t role = ROLE_GIVEN
    cdef bint parted = memchr(text, PART_SEPARATOR, n) != NULL if n else False
    out.count = 0
    out.commas = -1
    if not parted:
        stop = <const char*>memchr(text, c",", n) if n else NULL
        if stop != NULL:
            read_part(text, stop - text, ROLE_UNKNOWN, all_of_them, out, shape, forms)
            out.commas = out.count
            text = stop + 1
        read_part(text, end - text, ROLE_UNKNOWN, all_of_them, out, shape, forms)
        return out.count
    while True:
        stop = <const char*>memchr(text, PART_SEPARATOR, end - text) if text < end else NULL
        read_part(text, (end if stop == NULL else stop) - text, role, all_of_them, out, shape, forms)
        if stop == NULL:
            return out.count
        text = stop + 1
        if role < ROLE_MARRIED:
            role += 1


# In a part of surnames, DE X after another surname is the husband's: LOPEZ DE GARCIA.
cdef inline void mark_married(Reading* out) noexcept nogil:
    cdef int i
    for i in range(out.count):
        if out.role[i] == ROLE_SURNAME and (out.after[i] == VIUDA_DE or out.after[i] and out.position[i]):
            out.role[i] = ROLE_MARRIED


cdef inline int32_t givenness(const TokenForm* form) noexcept nogil:
    if form.length == 1:
        return ALL_INITIALS_GIVEN
    return token_givenness(form.phonetic, form.phonetic_length)


# What speaks for g given names out of n, before the tokens themselves are looked at.
cdef inline int32_t split_prior(int n, int g) noexcept nogil:
    if n == 3:
        return 100 if g == 1 else 0
    if n == 4:
        return 0 if g == 2 else (-500 if g == 1 else -300)
    return -300 * (g - (n - 2) if g > n - 2 else n - 2 - g) if n > 4 else 0


# AL, BIN, VAN DER: inside a name they are no words of their own, nor at the end where nobody has them for a name. Where nothing
# but particles would be left they are the name.
cdef void mark_particles(Reading* out, const TokenForm* forms) noexcept nogil:
    cdef int i, left = 0
    cdef bint inside
    for i in range(out.count):
        inside = i > 0 and i + 1 < out.count and out.role[i] == out.role[i + 1] and i + 1 != out.commas
        out.particle[i] = i > 0 and (is_plain_particle(&forms[i]) or inside and is_foreign_particle(&forms[i]))
        left += not out.particle[i]
    if left < 2:
        for i in range(out.count):
            out.particle[i] = False


# Roles of a name without parts: the likeliest division into given names and surnames, in either order.
cdef void guess_roles(Reading* out, const TokenForm* forms) noexcept nogil:
    cdef int32_t given[SHAPE_TOKENS]
    cdef int at[SHAPE_TOKENS]      # tokens that are no particles
    cdef int32_t score, best = 0
    cdef int n = 0, i, split, best_split = 0
    cdef bint surnames_first = False
    for i in range(out.count):
        if not out.particle[i]:
            at[n] = i
            given[n] = givenness(&forms[i])
            n += 1
    if n == 0:
        return
    if out.commas > 0 and out.commas < out.count:
        for i in range(n):
            out.role[at[i]] = ROLE_SURNAME if at[i] < out.commas else ROLE_GIVEN
        return
    # MARIA LOPEZ DE GARCIA, and not ANA LUCIA DE MATA
    if n >= 3 and (out.after[at[n - 1]] == VIUDA_DE or out.after[at[n - 1]] and given[n - 2] <= 0):
        n -= 1
        out.role[at[n]] = ROLE_MARRIED
    if n == 1:
        out.role[at[0]] = ROLE_GIVEN if given[0] > 0 else (ROLE_SURNAME if given[0] < 0 else ROLE_UNKNOWN)
        return
    for split in range(1, n):
        score = split_prior(n, split)
        for i in range(n):
            score += given[i] if i < split else -given[i]
        if best_split == 0 or score > best:
            best, best_split, surnames_first = score, split, False
    for split in range(1, n):
        score = split_prior(n, n - split) + SURNAME_FIRST
        for i in range(n):
            score += -given[i] if i < split else given[i]
        if score > best:
            best, best_split, surnames_first = score, split, True
    for i in range(n):
        out.role[at[i]] = ROLE_GIVEN if (i < best_split) != surnames_first else ROLE_SURNAME


cdef int read_name(const char* text, size_t n, const FrequencyTable* table, NameShape* shape, TokenForm* forms) noexcept nogil:
    cdef Reading reading
    cdef int i
    if read_parts(text, n, False, &reading, shape, forms) == 0:
        read_parts(text, n, True, &reading, shape, forms)  # nothing but particles: they are the name
    shape.count = <uint8_t>reading.count
    shape.roles_guessed = reading.count > 0 and reading.role[0] == ROLE_UNKNOWN
    mark_particles(&reading, forms)
    if shape.roles_guessed:
        guess_roles(&reading, forms)
    else:
        mark_married(&reading)
    for i in range(reading.count):
        shape.tokens[i].role = ROLE_MARRIED if reading.particle[i] else reading.role[i]
        shape.tokens[i].length = forms[i].length
        shape.tokens[i].known = forms[i].known
        shape.tokens[i].bits = token_bits(table, forms[i].phonetic, forms[i].phonetic_length)
    return reading.count


# Appends a part, a space before it where `spaced`; control characters become spaces.
cdef inline size_t append(char* out, size_t at, size_t cap, const char* text, size_t n, bint spaced) noexcept nogil:
    cdef size_t i
    if at > cap or n + 1 > cap - at:
        return cap + 1
    if spaced:
        out[at] = c" "
        at += 1
    for i in range(n):
        out[at + i] = text[i] if <unsigned char>text[i] >= 0x20 else c" "
    return at + n


# Whether a text holds a token; nearly always its first letter tells.
cdef bint has_token(const char* text, size_t n) noexcept nogil:
    cdef FoldedName name
    cdef size_t i
    for i in range(n):
        if c"A" <= text[i] <= c"Z" or c"a" <= text[i] <= c"z" or c"0" <= text[i] <= c"9":
            return True
        if text[i] < 0:
            break
    if n == 0:
        return False
    fold_name(<const unsigned char*>text, n, &name)
    return name.count > 0


cdef int name_text_into(const char** parts, const size_t* lengths, const char* full, size_t full_n,
                        char* out, size_t cap) noexcept nogil:
    cdef size_t k = 0, end = 0
    cdef bint parted = False
    cdef int i
    for i in range(5):
        parted = parted or has_token(parts[i], lengths[i])
    if not parted:
        if not has_token(full, full_n):
            return 0
        k = append(out, 0, cap, full, full_n, False)
        return -1 if k > cap else <int>k
    for i in range(6):
        if i == 3 or i == 5:
            if k >= cap:
                return -1
            out[k] = <char>PART_SEPARATOR
            k += 1
            if i == 3:
                end = k  # given names alone keep one separator: their role is stated
        if has_token(parts[i], lengths[i]):
            k = append(out, k, cap, parts[i], lengths[i], k > 0 and out[k - 1] != PART_SEPARATOR)
            if k > cap:
                return -1
            end = k
    return <int>end
