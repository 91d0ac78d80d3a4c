"""Names within sentences, without the GIL. Nothing here is for Python."""

from libc.stdio cimport snprintf
from libc.string cimport memcpy

from core.free_text.birth cimport Born, take_birth
from core.free_text.names cimport is_dated_name
from core.free_text.tokens cimport FILLER, FREE, LABEL, SAID, BoxTokens, token_in, token_is, token_value
from core.free_text.vehicles cimport colour_mask, is_make, kind_mask

cdef enum:
    DATE_TEXT = 24
    NAMES_MOST = 4           # words before a comma that parts surnames from given names

# Words that are part of no name, wherever they stand.
cdef const char* NEVER_NAMES = (
    b" NOMBRE NOMBRES APELLIDO APELLIDOS MATERNO PATERNO PADRE MADRE DETENIDO DETENIDA CONDUCTOR CONDUCTORA CAPTURADO CAPTURADA "
    b"SUJETO INDIVIDUO PERSONA SOSPECHOSO SOSPECHOSA IDENTIFICA IDENTIFICADO IDENTIFICADA IDENTIFICARSE LLAMA LLAMARSE DICE "
    b"BUSCAR BUSQUE CONSULTA CONSULTAR CONSULTE VERIFICAR VERIFIQUE VERIFICA ANTECEDENTES CAPTURA VIGENTE VIGENTES "
    b"NACIO NACIDO NACIDA NACIMIENTO FECHA EDAD PORFA FAVOR QUIEN TIENE DONA ALIAS DPI CUI HONDURENO HONDURENA SALVADORENO "
    b"SALVADORENA NICARAGUENSE MEXICANO MEXICANA GUATEMALTECO GUATEMALTECA CATRACHO CATRACHA CHAPIN CHAPINA "
    b"MASCULINO FEMENINO FEMENINA NECESITO SABER SOLICITO SOLICITA URGENTE ALERTA GRACIAS PORFAVOR "
    b"HERMANA HERMANO ESPOSA ESPOSO MANIFIESTA MANIFESTO RESPONDE INDOCUMENTADO INDOCUMENTADA COPILOTO ACOMPANANTE CHOFER "
    b"HIJO HIJA COMERCIANTE "
)
cdef const char* NAME_LABELS = b" NOMBRE NOMBRES COMPLETO APELLIDO APELLIDOS "
# Words that stand before a name and are left out there.
cdef const char* LEADERS = (
    b" EL LA LOS LAS LO UN UNA A AL DE DEL ES SE SU SI ME SRTA SENORITA COMO ESE ESA ESTE ESTA DON DONA SR SRA SRTA LIC ING DR DRA ORDEN ORDENES POR "
    b"HAY CON NOMBRE Y VER SER CAMION BUS MOTO TAXI "
)
# Titles, and who somebody is: no name begins so, but before a comma.
cdef const char* TITLES = (
    b" DON DONA SR SRA SRTA SENOR SENORA SENORITA LIC LICDA ING DR DRA PROF PILOTO MENOR JOVEN BEBE ADOLESCENTE PROFUGO PROFUGA REO REA "
    b"DESAPARECIDO DESAPARECIDA FALLECIDO FALLECIDA HERIDO HERIDA "
)
# Words behind a name with which something else begins.
cdef const char* STOPPERS = (
    b" QUE COMO PILOTO COPILOTO POSIBLE PRESUNTO ANDA ANDABA CONDUCE CONDUCIENDO MANEJA SIN CON CONTRA TIENE PORTA PORTABA VIAJA VIVE "
    b"DICE GORRA CAMISA PLAYERA PANDILLERO MARERO ACOMPANADO ACOMPANADA TATUAJE TATUAJES "
    b"UNIDAD ZONA KM KILOMETRO AVENIDA AV TEL TELEFONO CEL CELULAR INFO SECTOR COLONIA CASERIO LOTE BUFETE COLEGIO "
    b"DIRECCION DESDE DESAPARECIDO DESAPARECIDA POR FAVOR GRACIAS AGUA MOCHILA BLUSA PANTALON SUETER CHUMPA "
    b"ORIGINARIO ORIGINARIA RESIDENTE VECINO VECINA ES ESTA FUE SE SOSPECHOSO GUATEMALTECO "
    b"GUATEMALTECA EBRIO EBRIA BORRACHO BORRACHA PROFUGO PROFUGA EN TATUADO TATUADA ARMADO ARMADA HERIDO HERIDA "
    b"RECLUSO RECLUSA "
)
# Words of a description that are surnames too ("JUAN CARLOS MORENO"): behind a comma, or before BUILDS, they describe.
cdef const char* SURNAMES_TOO = (
    b" MORENO MORENA CASADO CASADA SOLTERO SOLTERA ALTO ALTA BAJO BAJA DELGADO DELGADA GORDO GORDA CALLE BARRIO ALDEA "
)
cdef const char* BUILDS = b" ALTO ALTA BAJO BAJA TATUADO TATUADA "
# Makes and colours that are given names too: behind a comma alone they are one ("PEREZ LOPEZ, MERCEDES").
cdef const char* GIVEN_NAMES_TOO = b" MERCEDES BLANCA CELESTE ROSA VIOLETA MAX LINCOLN AUSTIN ALBA PERLA AMBAR "
# Signs that what follows is what somebody is called besides.
cdef const char* NICKNAMES = b" ALIAS APODADO APODADA AKA APODO CONOCIDO CONOCIDA DICHO MENTADO "
cdef const char* ARTICLES = b" EL LA LOS LAS COMO POR "
# What may follow NO or SIN: that somebody has no document with him.
cdef const char* LACKING = (
    b" TRAE PORTA PORTABA TIENE PRESENTA PRESENTO LLEVA CARGA CUENTA MOSTRO CON SU SUS EL LA UN UNA DPI CUI LICENCIA LICENCIAS DOCUMENTO "
    b"DOCUMENTOS DOCUMENTACION PAPEL PAPELES IDENTIFICACION CEDULA PASAPORTE NADA NI Y O DE CONDUCIR NINGUN NINGUNO NINGUNA "
)
cdef const char* DOCUMENTS = b" DPI CUI LICENCIA DOCUMENTO DOCUMENTOS PAPELES IDENTIFICACION PASAPORTE "


# A name follows these, and the words before them are none: "dice llamarse", "se identifica como".
cdef const char* INTRODUCERS = b" LLAMARSE LLAMA LLAMADO LLAMADA "
cdef const char* CLAIMS = b" DICE MANIFIESTA MANIFESTO AFIRMA ASEGURA DIJO IDENTIFICA IDENTIFICO RESPONDE "
cdef const char* ORDINALS = b" 1ER 1RO 1O 2DO 2O PRIMER PRIMERO SEGUNDO "


cdef bint _is_part(char sign) noexcept nogil:
    return sign == c"," or sign == c";" or sign == c"|"


cdef bint _is_seen(const BoxTokens* t, int i) noexcept nogil:
    cdef const char* text = t.text + t.items[i].at
    return is_make(text, t.items[i].n) or kind_mask(text, t.items[i].n) != 0 or colour_mask(text, t.items[i].n) != 0


cdef bint _begins_description(const BoxTokens* t, int first) noexcept nogil:
    """Returns whether the words from `first` to the next comma describe a vehicle."""
    cdef int i
    for i in range(first, t.n):
        if i > first and t.items[i].before in (c",", c";"):
            return False
        if _is_seen(t, i) and not token_in(t, i, GIVEN_NAMES_TOO):
            return True
    return False


cdef bint _describes(const BoxTokens* t, int i) noexcept nogil:
    """Returns whether a word that is a surname too describes somebody here."""
    if not token_in(t, i, SURNAMES_TOO):
        return False
    return _is_part(t.items[i].before) or token_in(t, i, b" MORENO MORENA ") and token_in(t, i + 1, BUILDS)


cdef int _put_date(const Born* born, char* out) noexcept nogil:
    if born.year and born.day:
        return snprintf(out, DATE_TEXT, b" %02d/%02d/%04d", born.day, born.month, born.year)
    if born.year:
        return snprintf(out, DATE_TEXT, b" %04d", born.year)
    return snprintf(out, DATE_TEXT, b" %d ANOS", born.age) if born.age else 0


cdef bint _more_words(const BoxTokens* t, int i) noexcept nogil:
    """Returns whether two words that may be names stand behind: "LA ROSA" alone is a name."""
    cdef int k, words = 0
    for k in range(i + 1, t.n):
        words += t.items[k].role == FREE and t.items[k].letters == t.items[k].n
    return words >= 2


cdef bint _leave_out(BoxTokens* t, int first, int last) noexcept nogil:
    cdef int i
    for i in range(first, last):
        t.items[i].role = FILLER
    return True


cdef bint _leave_out_lacking(BoxTokens* t) noexcept nogil:
    """Leaves out that somebody has no document ("no porta DPI", "sin papeles"); returns whether any was."""
    cdef int i = 0, end
    cdef bint found = False
    while i < t.n:
        end = i + 1
        if token_in(t, i, b" NO SIN "):
            while end < t.n and token_in(t, end, LACKING):
                end += 1
            if end > i + 1:
                found = _leave_out(t, i - token_in(t, i - 1, DOCUMENTS), end)
        i = end
    return found


cdef bint _leave_out_code(BoxTokens* t) noexcept nogil:
    """Leaves out a code of radio at the front ("10-29"); returns whether there was one."""
    if t.n > 2 and token_is(t, 0, b"10") and t.items[1].before == c"-" and t.items[1].n == 2 and t.items[1].letters == 0:
        return _leave_out(t, 0, 2)
    return False


cdef bint _leave_out_introduction(BoxTokens* t) noexcept nogil:
    """Leaves out what stands before "dice ser", "se identifica como", "de nombre"; returns whether anything does."""
    cdef int i, k, start = 0
    for i in range(t.n):
        if (token_in(t, i, INTRODUCERS) or i and (token_is(t, i, b"NOMBRE") and token_in(
                t, i - 1, b" DE AL ") or token_in(t, i - 1, CLAIMS) and token_in(
                t, i, b" SER COMO QUE AL "))) and _more_words(t, i):
            start = i + 1
    for k in range(start):
        if t.items[k].role in (FREE, LABEL) and t.items[k].letters == t.items[k].n:
            t.items[k].role = FILLER
    return start > 0


cdef bint _leave_out_before(BoxTokens* t) noexcept nogil:
    cdef bint lacking = _leave_out_lacking(t), code = _leave_out_code(t)
    return _leave_out_introduction(t) or lacking or code


cdef bint _is_no_word_of_a_name(const BoxTokens* t, int i, int words) noexcept nogil:
    """Returns whether it is "1er" before "nombre", a title, or "niña" as it is spelled: Nina is a name."""
    if t.items[i].role != FREE:
        return False
    if token_in(t, i, ORDINALS) and token_in(t, i + 1, NAME_LABELS):
        return True
    if token_is(t, i, b"NINA") and t.items[i].last - t.items[i].first > t.items[i].n:
        return words > 0 or _more_words(t, i)
    return words == 0 and token_in(t, i, TITLES) and (i + 1 == t.n or t.items[i + 1].before != c",") and _more_words(t, i)


cdef int _nickname_end(const BoxTokens* t, int i) noexcept nogil:
    """Returns the token behind a nickname that begins at token `i`; `i` where none does."""
    cdef char sign = t.items[i].before, closing = c")" if t.items[i].before == c"(" else t.items[i].before
    cdef int k = i
    if sign in (c'"', c"("):
        for k in range(i + 1, t.n):
            if t.items[k].before == closing:
                break
        else:
            k = t.n
        if not (token_is(t, i, b"A") and k == i + 1):
            return k
        i = k                        # "(a) el chino"
    elif token_in(t, i, NICKNAMES):
        i += 1
    elif token_is(t, i, b"A") and token_is(t, i + 1, b"K") and token_is(t, i + 2, b"A"):
        i += 3
    else:
        return i
    while token_in(t, i, ARTICLES):
        i += 1
    return min(i + 1, t.n)


cdef bint _is_of_age(const BoxTokens* t, int i) noexcept nogil:
    """Returns whether "mayor de edad" or "menor de edad" begins; MAYOR alone is a surname."""
    return token_in(t, i, b" MAYOR MENOR ") and token_is(t, i + 1, b"DE") and token_is(t, i + 2, b"EDAD")


cdef bint _is_bare_age(const BoxTokens* t, int i) noexcept nogil:
    """Returns whether the last word is a number that may be an age: behind a comma, or behind the sex."""
    return i == t.n - 1 and t.items[i].role == FREE and t.items[i].n == 2 and token_value(t, i) >= 10 and (
        _is_part(t.items[i].before) or i > 0 and t.items[i - 1].role == SAID)


cdef int write_name(BoxTokens* t, const char* typed, size_t n, Born* born, char* out, int cap) noexcept nogil:
    cdef int i, size = 0, words = 0, length, end = 0
    cdef bint changed = _leave_out_before(t), behind = False, dropped = False
    take_birth(t, True, born)
    for i in range(t.n):
        if i < end:                  # of a nickname
            continue
        if words >= 2 and _is_bare_age(t, i):
            changed = True
            break
        if words and t.items[i].role == FREE:
            end = _nickname_end(t, i)
            if end > i and (words >= 2 or end < t.n):
                changed = True
                if words >= 2:
                    break
                continue
        if _is_no_word_of_a_name(t, i, words):
            t.items[i].role = FILLER
            changed = dropped = True
            continue
        if t.items[i].role != FREE or t.items[i].letters < t.items[i].n:
            if words == 0 and t.items[i].role == FREE and i + 1 < t.n and t.items[i + 1].before == c"|":
                changed = True       # the number of a table's row
                continue
            if t.items[i].role == FREE or t.items[i].role == LABEL:
                return 0             # digits that are no date, a kind without its number: left to who refuses them
            behind = behind or words >= 2
            # "de edad" behind years is of the age, which a dated name may state as it stands.
            changed = changed or token_in(t, i, NEVER_NAMES) and not token_is(t, i, b"EDAD")
            dropped = True
            continue
        if words >= 2 and (behind or token_in(t, i, STOPPERS) or _describes(t, i) or _is_of_age(t, i) or _is_part(t.items[i].before) and (
                words >= NAMES_MOST or _begins_description(t, i))):
            changed = True
            break
        if token_in(t, i, NEVER_NAMES) or words == 0 and token_in(t, i, LEADERS) and _more_words(t, i):
            # A name may begin with LA or DE as well, and who reads names drops NOMBRE before one.
            changed = changed or token_in(t, i, NEVER_NAMES) and not (words == 0 and token_in(t, i, NAME_LABELS))
            t.items[i].role = FILLER
            dropped = True
            continue
        length = t.items[i].last - t.items[i].first
        if t.items[i].first < 0 or size + length + 2 + DATE_TEXT > cap:
            return 0
        if words:
            if t.items[i].before == c"," and not dropped:
                out[size] = c","
                size += 1
            out[size] = t.items[i].before if t.items[i].before == c"-" else <char>c" "
            size += 1
        memcpy(out + size, typed + t.items[i].first, length)
        size += length
        words += 1
        dropped = False
    changed = changed or born.sex or born.guessed or (born.year or born.age) and not is_dated_name(typed, n)
    if words == 0 or not changed:
        return 0
    size += _put_date(born, out + size)
    born.year = born.month = born.day = born.age = 0
    return size


cdef int write_names_beside(const BoxTokens* t, const char* typed, char* out, int cap) noexcept nogil:
    cdef int i, size = 0, length
    cdef bint of_vehicle = False     # a word of a vehicle stands before it: what follows is its colour
    for i in range(t.n):
        if t.items[i].role != FREE or t.items[i].letters < t.items[i].n or t.items[i].first < 0:
            of_vehicle = False
            continue
        if _is_seen(t, i) and (of_vehicle or not colour_mask(t.text + t.items[i].at, t.items[i].n)):
            of_vehicle = True
            continue
        of_vehicle = False
        if token_in(t, i, NEVER_NAMES) or token_in(t, i, STOPPERS) or _describes(t, i) or size == 0 and token_in(t, i, LEADERS):
            continue
        length = t.items[i].last - t.items[i].first
        if size + length + 1 > cap:
            break
        if size:
            out[size] = c" "
            size += 1
        memcpy(out + size, typed + t.items[i].first, length)
        size += length
    return size
