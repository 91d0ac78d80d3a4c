"""Names of courts in one form (docs/manifests.md, "Courts"). Called from compiled code only."""

from libc.stdint cimport uint8_t
from libc.string cimport memcmp, strlen

from core.names_folding cimport N_TILDE, FoldedName, fold_name, is_particle

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
    };
    enum { N_COURT_WORDS = sizeof COURT_WORDS / sizeof COURT_WORDS[0] };
    """
    const char* COURT_WORDS[1][2]
    enum: N_COURT_WORDS


cdef int court_into(const unsigned char* text, int size, char* out) noexcept nogil:
    cdef FoldedName name
    cdef const uint8_t* word
    cdef int i, j, length, at = 0
    fold_name(text, size, &name)
    for i in range(name.count):
        word = name.letters[i]
        length = name.length[i]
        if is_particle(word, length):
            continue
        for j in range(N_COURT_WORDS):
            if <int>strlen(COURT_WORDS[j][0]) == length and memcmp(COURT_WORDS[j][0], word, length) == 0:
                word = <const uint8_t*>COURT_WORDS[j][1]
                length = <int>strlen(COURT_WORDS[j][1])
                break
        if length == 0 or at + (at > 0) + length > size:
            continue
        if at:
            out[at] = 32
            at += 1
        for j in range(length):
            out[at + j] = <char>(c"N" if word[j] == N_TILDE else word[j])
        at += length
    return at


def court_name(text: str) -> str:
    cdef bytes data = text.encode()
    cdef bytearray out = bytearray(len(data) + 1)
    cdef int n = court_into(data, <int>len(data), out)
    return out[:n].decode("ascii")


def court_words() -> dict[str, str]:
    return {COURT_WORDS[i][0].decode(): COURT_WORDS[i][1].decode() for i in range(N_COURT_WORDS)}
