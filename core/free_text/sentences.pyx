"""Names within sentences, without the GIL. Nothing here is for Python."""

from libc.stdio cimport snprintf
from libc.string cimport memcpy

from core.free_text.birth cimport Born, take_birth
from core.free_text.names cimport is_dated_name
from core.free_text.tokens cimport FILLER, FREE, LABEL, BoxTokens, token_in, token_is
from core.free_text.vehicles cimport colour_mask, is_make, kind_mask

cdef enum:
    DATE_TEXT = 24
    PAPERS_MOST = 4          # words: "no porta sus documentos"
    NAMES_MOST = 4           # words before a comma that parts surnames from given names

# Words that are part of no name, wherever they stand.
cdef const char* NEVER_NAMES = (
    b" NOMBRE NOMBRES APELLIDO APELLIDOS MATERNO PATERNO PADRE MADRE DETENIDO DETENIDA CONDUCTOR CONDUCTORA CAPTURADO CAPTURADA "
    b"SUJETO INDIVIDUO PERSONA SOSPECHOSO SOSPECHOSA IDENTIFICA IDENTIFICADO IDENTIFICADA IDENTIFICARSE LLAMA LLAMARSE DICE "
    b"BUSCAR BUSQUE CONSULTA CONSULTAR CONSULTE VERIFICAR VERIFIQUE VERIFICA ANTECEDENTES CAPTURA VIGENTE VIGENTES "
    b"NACIO NACIDO NACIDA NACIMIENTO FECHA EDAD PORFA FAVOR QUIEN TIENE DONA ALIAS DPI CUI HONDURENO HONDURENA SALVADORENO "
    b"SALVADORENA NICARAGUENSE MEXICANO MEXICANA GUATEMALTECO GUATEMALTECA CATRACHO CATRACHA CHAPIN CHAPINA "
    b"MASCULINO FEMENINO FEMENINA CASADA CASADO SOLTERO SOLTERA NECESITO SABER SOLICITO SOLICITA URGENTE ALERTA GRACIAS PORFAVOR "
    b"HERMANA HERMANO ESPOSA ESPOSO APODADO APODADA HIJO HIJA EBRIO EBRIA TATUADO TATUADA CONOCIDO CONOCIDA COMERCIANTE "
)
# What is behind them is a name, and what stands before them is none: "no porta documentos, dice ser Ana Tzul".
cdef const char* INTRODUCERS = b" LLAMARSE LLAMA LLAMADO LLAMADA "
cdef const char* CLAIMS = b" DICE MANIFIESTA MANIFESTO AFIRMA ASEGURA DIJO IDENTIFICA IDENTIFICO RESPONDE "
# What somebody is, before or behind a name.
cdef const char* CONDITIONS = (
    b" PROFUGO PROFUGA REO REA FUGADO FUGADA BUSCADO BUSCADA INDOCUMENTADO INDOCUMENTADA HERIDO HERIDA FALLECIDO FALLECIDA "
    b"DESAPARECIDO DESAPARECIDA ADOLESCENTE CHOFER COPILOTO ACOMPANANTE PASAJERO PASAJERA "
)
cdef const char* TITLES = b" MENOR DON DONA LIC LICDA ING DR DRA JOVEN BEBE PILOTO "
cdef const char* PAPERS = b" DOCUMENTO DOCUMENTOS DPI LICENCIA PAPELES IDENTIFICACION "
cdef const char* ORDINALS = b" 1ER 1RO 1O 2DO 2O PRIMER PRIMERO SEGUNDO "
cdef const char* NAME_LABELS = b" NOMBRE NOMBRES COMPLETO APELLIDO APELLIDOS "
# Words that stand before a name and are left out there.
cdef const char* LEADERS = (
    b" EL LA LOS LAS LO UN UNA A AL DE DEL ES SE SU SI ME SRTA SENORITA COMO ESE ESA ESTE ESTA DON DONA SR SRA SRTA LIC ING DR DRA ORDEN ORDENES POR "
    b"HAY CON PILOTO NOMBRE LIC Y VER "
)
# Words behind a name with which something else begins.
cdef const char* STOPPERS = (
    b" QUE COMO PILOTO COPILOTO POSIBLE PRESUNTO ANDA ANDABA CONDUCE CONDUCIENDO MANEJA SIN CON CONTRA TIENE PORTA PORTABA VIAJA VIVE "
    b"DICE TRAE EN ESTADO NO MORENO MORENA ALTO ALTA BAJO BAJA GORRA CAMISA PLAYERA PANDILLERO MARERO ACOMPANADO ACOMPANADA TATUAJE TATUAJES "
    b"UNIDAD ZONA KM KILOMETRO CALLE AVENIDA AV TEL TELEFONO CEL CELULAR INFO SECTOR BARRIO COLONIA ALDEA CASERIO LOTE BUFETE COLEGIO "
    b"DIRECCION DESDE POR FAVOR GRACIAS AGUA MOCHILA BLUSA PANTALON SUETER CHUMPA "
    b"ORIGINARIO ORIGINARIA RESIDENTE VECINO VECINA ES ESTA FUE SE SOSPECHOSO "
)


cdef bint _is_seen(const BoxTokens* t, int i) noexcept nogil:
    cdef const char* text = t.text + t.items[i].at
    return is_make(text, t.items[i].n) or kind_mask(text, t.items[i].n) != 0 or colour_mask(text, t.items[i].n) != 0


cdef bint _begins_description(const BoxTokens* t, int first) noexcept nogil:
    """Returns whether the words from `first` to the next comma describe a vehicle."""
    cdef int i
    for i in range(first, t.n):
        if i > first and t.items[i].before in (c",", c";"):
            return False
        if _is_seen(t, i):
            return True
    return False


cdef bint _is_part(char sign) noexcept nogil:
    return sign == c"," or sign == c";" or sign == c"|"


cdef int _put_date(const Born* born, char* out) noexcept nogil:
    if born.year and born.day:
        return snprintf(out, DATE_TEXT, b" %02d/%02d/%04d", born.day, born.month, born.year)
    if born.year:
        return snprintf(out, DATE_TEXT, b" %04d", born.year)
    return snprintf(out, DATE_TEXT, b" %d ANOS", born.age) if born.age else 0


cdef bint _is_condition(const BoxTokens* t, int i) noexcept nogil:
    """Returns whether it says what somebody is. "niño" and "niña" do as they are spelled: Nino and Nina are names."""
    return token_in(t, i, CONDITIONS) or token_in(t, i, " MENOR MAYOR ") and token_is(t, i + 1, "DE") or (
        token_in(t, i, " NINO NINA ") and t.items[i].last - t.items[i].first > t.items[i].n)


cdef bint _more_words(const BoxTokens* t, int i) noexcept nogil:
    """Whether two words that may be names stand behind: "LA ROSA" alone is a name."""
    cdef int k, words = 0
    for k in range(i + 1, t.n):
        words += t.items[k].role == FREE and t.items[k].letters == t.items[k].n
    return words >= 2


cdef bint _drop_introduction(BoxTokens* t) noexcept nogil:
    """Drops the words before "dice ser", "se identifica como", "dice llamarse", "no trae dpi,"; returns whether any went."""
    cdef int i, k, start = 0
    for i in range(t.n):
        if (token_in(t, i, INTRODUCERS) or i and (token_is(t, i, "NOMBRE") or token_in(t, i - 1, CLAIMS) and token_in(
                t, i, " SER COMO QUE AL "))) and _more_words(t, i):
            start = i + 1
        elif i < PAPERS_MOST and token_in(t, i, PAPERS) and token_in(t, 0, " NO SIN ") and _more_words(t, i):
            start = i + 1
    for k in range(start):
        if t.items[k].role in (FREE, LABEL) and t.items[k].letters == t.items[k].n:
            t.items[k].role = FILLER
    return start > 0


cdef int _behind_nickname(const BoxTokens* t, int i) noexcept nogil:
    """Returns the token behind "alias el chino", "(a) chino", "(el chino)"; 0 = none is told at token `i`."""
    if token_in(t, i, " EL LA ") and t.items[i].before in (c"(", c'"'):
        return min(i + 2, t.n)
    if token_is(t, i, "A") and token_is(t, i + 1, "K") and token_is(t, i + 2, "A"):
        i += 2
    elif not (token_in(t, i, " ALIAS AKA APODADO APODADA ") or token_is(t, i, "A") and t.items[i].before == c"("):
        return 0
    i += 1
    i += token_in(t, i, " EL LA LOS LAS ")
    return min(i + 1, t.n)


cdef bint _says_nothing(const BoxTokens* t, int i, bint in_nickname, int words) noexcept nogil:
    """Returns whether a token is of a nickname, "1er" before "nombre", or what somebody is before the name."""
    if t.items[i].role != FREE:
        return False
    return in_nickname or token_in(t, i, ORDINALS) and token_in(t, i + 1, NAME_LABELS) or (
        words == 0 and (_is_condition(t, i) or token_in(t, i, TITLES)) and _more_words(t, i))


cdef int write_name(BoxTokens* t, const char* typed, size_t n, Born* born, char* out, int cap) noexcept nogil:
    cdef int i, size = 0, words = 0, length
    cdef bint changed = False, behind = False, dropped = False
    take_birth(t, True, born)
    cdef int nickname = 0        # it ends before this token
    changed = _drop_introduction(t)
    for i in range(t.n):
        if t.items[i].role == FREE and words:
            nickname = max(nickname, _behind_nickname(t, i))
        if words >= 2 and (i < nickname or t.items[i].role == LABEL and token_is(t, i + 1, "NO")):
            changed = True
            break
        if _says_nothing(t, i, i < nickname, words):
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
            dropped = True
            continue
        if words >= 2 and (behind or token_in(t, i, STOPPERS) or _is_condition(t, i) or _is_part(t.items[i].before) and (
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
        if token_in(t, i, NEVER_NAMES) or token_in(t, i, STOPPERS) or size == 0 and token_in(t, i, LEADERS):
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
