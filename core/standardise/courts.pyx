"""Names of courts in one form (docs/manifests.md, "Courts"). Called from compiled code only."""

from libc.stdint cimport uint8_t
from libc.string cimport memcmp, memcpy, strlen

from core.names.folding cimport N_TILDE, FoldedName, fold_name, is_particle

# A word and what stands for it, never longer; "" = it says nothing. Ordinals are figures, whatever their gender.
cdef extern from *:
    """
    static const char* const COURT_WORDS[][2] = {
        {"JUZGADO", "JDO"}, {"JUZGADOS", "JDO"}, {"JUZG", "JDO"}, {"JUZ", "JDO"}, {"JZDO", "JDO"}, {"JZGDO", "JDO"}, {"JGDO", "JDO"},
        {"TRIBUNAL", "TRIB"}, {"TRIBUNALES", "TRIB"}, {"TRIBL", "TRIB"}, {"INSTANCIA", "INST"}, {"INSTANC", "INST"},
        {"SENTENCIA", "SENT"}, {"PENAL", "PEN"}, {"PENALES", "PEN"}, {"DEPARTAMENTO", ""}, {"DEPTO", ""}, {"MUNICIPIO", ""}, {"MPIO", ""},
        {"EL", ""}, {"EN", ""}, {"E", ""}, {"NO", ""}, {"NUMERO", ""}, {"NUM", ""}, {"RAMO", ""}, {"GUATE", "GUA"}, {"GUATEMALA", "GUA"},
        {"NARCOACTIVIDAD", "NARCO"}, {"NARCOACT", "NARCO"}, {"AMBIENTE", "AMB"}, {"DELITOS", ""}, {"CONTRA", ""},
        {"VIOLENCIA", "VIOL"}, {"FEMICIDIO", "FEM"}, {"FEMIC", "FEM"}, {"MUJER", "MUJ"}, {"FAMILIA", "FAM"}, {"CRIMINAL", "CRIM"},
        {"CIUDAD", ""}, {"APELACIONES", "APEL"}, {"APELACION", "APEL"}, {"PRIMERAINSTANCIA", "1INST"},
        {"PRIMERO", "1"}, {"PRIMERA", "1"}, {"PRIMER", "1"}, {"1O", "1"}, {"1A", "1"}, {"1ERO", "1"}, {"1ERA", "1"}, {"1ER", "1"}, {"1RO", "1"},
        {"1RA", "1"}, {"I", "1"}, {"SEGUNDO", "2"}, {"SEGUNDA", "2"}, {"2O", "2"}, {"2A", "2"}, {"2DO", "2"}, {"2DA", "2"}, {"II", "2"},
        {"TERCERO", "3"}, {"TERCERA", "3"}, {"TERCER", "3"}, {"3O", "3"}, {"3A", "3"}, {"3ERO", "3"}, {"3ERA", "3"}, {"3ER", "3"}, {"3RO", "3"},
        {"3RA", "3"}, {"III", "3"}, {"CUARTO", "4"}, {"CUARTA", "4"}, {"4O", "4"}, {"4A", "4"}, {"4TO", "4"}, {"4TA", "4"}, {"IV", "4"},
        {"QUINTO", "5"}, {"QUINTA", "5"}, {"5O", "5"}, {"5A", "5"}, {"5TO", "5"}, {"5TA", "5"}, {"V", "5"}, {"SEXTO", "6"}, {"SEXTA", "6"},
        {"6O", "6"}, {"6A", "6"}, {"6TO", "6"}, {"6TA", "6"}, {"VI", "6"}, {"SEPTIMO", "7"}, {"SEPTIMA", "7"}, {"7O", "7"}, {"7A", "7"},
        {"7MO", "7"}, {"7MA", "7"}, {"VII", "7"}, {"OCTAVO", "8"}, {"OCTAVA", "8"}, {"8O", "8"}, {"8A", "8"}, {"8VO", "8"}, {"8VA", "8"},
        {"VIII", "8"}, {"NOVENO", "9"}, {"NOVENA", "9"}, {"9O", "9"}, {"9A", "9"}, {"9NO", "9"}, {"9NA", "9"}, {"IX", "9"}, {"DECIMO", "X"},
        {"DECIMA", "X"}, {"10O", "X"}, {"10A", "X"}, {"10MO", "X"}, {"10MA", "X"}, {"10", "X"}, {"UNDECIMO", "11"}, {"UNDECIMA", "11"},
        {"11O", "11"}, {"11A", "11"}, {"XI", "11"}, {"DUODECIMO", "12"}, {"DUODECIMA", "12"}, {"12O", "12"}, {"12A", "12"}, {"XII", "12"},
        {"ONCEAVO", "11"}, {"ONCEAVA", "11"}, {"ONCE", "11"}, {"DOCEAVO", "12"}, {"DOCEAVA", "12"}, {"DOCE", "12"},
        {"11AVO", "11"}, {"11VO", "11"}, {"12AVO", "12"}, {"12VO", "12"}, {"DECIMOPRIMERO", "11"}, {"DECIMOPRIMERA", "11"},
        {"DECIMOPRIMER", "11"}, {"DECIMOSEGUNDO", "12"}, {"DECIMOSEGUNDA", "12"},
        {"DECIMOTERCERO", "13"}, {"DECIMOTERCERA", "13"}, {"DECIMOTERCER", "13"}, {"13O", "13"}, {"13A", "13"}, {"13AVO", "13"}, {"XIII", "13"},
        {"DECIMOCUARTO", "14"}, {"DECIMOCUARTA", "14"}, {"14O", "14"}, {"14A", "14"}, {"14AVO", "14"}, {"XIV", "14"},
        {"DECIMOQUINTO", "15"}, {"DECIMOQUINTA", "15"}, {"15O", "15"}, {"15A", "15"}, {"15AVO", "15"}, {"XV", "15"},
        {"DECIMOSEXTO", "16"}, {"DECIMOSEXTA", "16"}, {"16O", "16"}, {"16A", "16"}, {"16AVO", "16"}, {"XVI", "16"},
        {"DECIMOSEPTIMO", "17"}, {"DECIMOSEPTIMA", "17"}, {"17O", "17"}, {"17A", "17"}, {"17AVO", "17"}, {"XVII", "17"},
        {"DECIMOCTAVO", "18"}, {"DECIMOOCTAVO", "18"}, {"DECIMOCTAVA", "18"}, {"18O", "18"}, {"18A", "18"}, {"18AVO", "18"}, {"XVIII", "18"},
        {"DECIMONOVENO", "19"}, {"DECIMONOVENA", "19"}, {"19O", "19"}, {"19A", "19"}, {"19AVO", "19"}, {"XIX", "19"},
        {"VIGESIMO", "20"}, {"VIGESIMA", "20"}, {"20O", "20"}, {"20A", "20"}, {"20AVO", "20"}, {"XX", "20"},
    };
    enum { N_COURT_WORDS = sizeof COURT_WORDS / sizeof COURT_WORDS[0] };
    """
    const char* COURT_WORDS[1][2]
    enum: N_COURT_WORDS


cdef enum:
    COURT_WORDS_MAX = 64
    COURT_LETTERS_MAX = 64

cdef struct CourtWords:
    char text[COURT_WORDS_MAX][COURT_LETTERS_MAX + 8]
    int length[COURT_WORDS_MAX]
    int place[COURT_WORDS_MAX]       # of the word as it stood; -1 = nothing may be joined with it
    int count


cdef inline bint _is_unit(const char* form, int length) noexcept nogil:
    return length == 1 and c"1" <= form[0] <= c"9"


cdef int _tens(const uint8_t* word, int length) noexcept nogil:
    """DECIMO and VIGESIMO, before which a unit's ordinal is one number with them ("décimo segundo")."""
    if length == 6 and (memcmp(word, b"DECIMO", 6) == 0 or memcmp(word, b"DECIMA", 6) == 0):
        return 1
    return 2 if length == 8 and (memcmp(word, b"VIGESIMO", 8) == 0 or memcmp(word, b"VIGESIMA", 8) == 0) else 0


cdef void _collect(const FoldedName* name, CourtWords* out) noexcept nogil:
    """The forms of the words; "first instance" is one word, and so is "tenth second", the twelfth."""
    cdef const uint8_t* word
    cdef int i, j, length, last
    out.count = 0
    for i in range(min(name.count, COURT_WORDS_MAX)):
        word = name.letters[i]
        length = min(name.length[i], COURT_LETTERS_MAX)
        if is_particle(word, length):
            continue
        for j in range(N_COURT_WORDS):
            if <int>strlen(COURT_WORDS[j][0]) == length and memcmp(COURT_WORDS[j][0], word, length) == 0:
                word = <const uint8_t*>COURT_WORDS[j][1]
                length = <int>strlen(COURT_WORDS[j][1])
                break
        if length == 0:
            continue
        last = out.count - 1
        # whatever follows an ordinal decides: of INSTANCIA it is the instance's, not the court's
        if length == 4 and memcmp(word, b"INST", 4) == 0 and last >= 0 and _is_unit(out.text[last], out.length[last]):
            memcpy(out.text[last] + 1, b"INST", 4)
            out.length[last] = 5
            out.place[last] = -1
            continue
        for j in range(length):
            out.text[out.count][j] = <char>(c"N" if word[j] == N_TILDE else word[j])
        out.length[out.count] = length
        out.place[out.count] = i
        out.count += 1


cdef void _join_tens(const FoldedName* name, CourtWords* words) noexcept nogil:
    cdef int i = 0, k, tens
    while i + 1 < words.count:
        tens = 0
        if words.place[i] >= 0 and words.place[i + 1] == words.place[i] + 1:
            tens = _tens(name.letters[words.place[i]], name.length[words.place[i]])
        if tens and _is_unit(words.text[i + 1], words.length[i + 1]):
            words.text[i][0] = <char>(c"0" + tens)
            words.text[i][1] = words.text[i + 1][0]
            words.length[i] = 2
            words.count -= 1
            for k in range(i + 1, words.count):
                memcpy(words.text[k], words.text[k + 1], words.length[k + 1])
                words.length[k] = words.length[k + 1]
                words.place[k] = words.place[k + 1]
        i += 1


cdef int _compare(const CourtWords* words, int a, int b) noexcept nogil:
    cdef int order = memcmp(words.text[a], words.text[b], min(words.length[a], words.length[b]))
    return order if order else words.length[a] - words.length[b]


cdef int court_into(const unsigned char* text, int size, char* out) noexcept nogil:
    cdef FoldedName name
    cdef CourtWords words
    cdef int order[COURT_WORDS_MAX]
    cdef int i, j, at = 0
    fold_name(text, size, &name)
    _collect(&name, &words)
    _join_tens(&name, &words)
    for i in range(words.count):
        j = i
        while j > 0 and _compare(&words, i, order[j - 1]) < 0:
            order[j] = order[j - 1]
            j -= 1
        order[j] = i
    for i in range(words.count):
        j = order[i]
        if at + (at > 0) + words.length[j] > size:
            continue
        if at:
            out[at] = 32
            at += 1
        memcpy(out + at, words.text[j], words.length[j])
        at += words.length[j]
    return at


def court_name(text: str) -> str:
    cdef bytes data = text.encode()
    cdef bytearray out = bytearray(len(data) + 1)
    cdef int n = court_into(data, <int>len(data), out)
    return out[:n].decode("ascii")


def court_words() -> dict[str, str]:
    return {COURT_WORDS[i][0].decode(): COURT_WORDS[i][1].decode() for i in range(N_COURT_WORDS)}
