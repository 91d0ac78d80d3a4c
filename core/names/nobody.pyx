"""Words that stand where no name is known: NO CONSTA, XX, N/A (docs/statute.md, rule 16)."""

from libc.string cimport memcpy, strstr

from core.names.folding cimport FoldedName, fold_name

cdef enum:
    NOBODY_WORD_MAX = 16     # letters of a word of NOBODY_WORDS

# Words that registers write where no name is known. Two rows that share them do not name one person, nor one parent.
cdef const char* NOBODY_WORDS = (
    b" NO NI SIN SE SABE SABEN CONSTA CONSTAN TIENE INDICA INDICO INDICADO INDICADA APARECE REGISTRA REGISTRADO REGISTRADA"
    b" RECONOCIDO RECONOCIDA DECLARADO DECLARADA DETERMINADO DETERMINADA IDENTIFICADO IDENTIFICADA INDIVIDUALIZADO REFIERE"
    b" MANIFIESTA MANIFESTO PROPORCIONA PROPORCIONO PROPORCIONADO DESCONOCE DESCONOCIDO DESCONOCIDA IGNORA IGNORADO IGNORADA"
    b" IDENTIFICAR INDIVIDUALIZAR ESTABLECER DETERMINAR DATO DATOS INFORMACION DISPONIBLE APLICA PENDIENTE OMITIDO OMITIDA"
    b" NINGUNO NINGUNA NULL NULO NULA NONE NAN NN XX XXX"
    b" XXXX XXXXX NA ND NC NT SD SN SP EL LO AL NOMBRE NOMBRES APELLIDO APELLIDOS PADRE MADRE PADRES PROGENITOR PROGENITORA"
    b" PAPA MAMA SOLTERO SOLTERA FALLECIDO FALLECIDA DIFUNTO DIFUNTA FINADO FINADA MUERTO MUERTA HUERFANO HUERFANA ")
# Words that may stand beside those. Alone they prove nothing: some are surnames.
cdef const char* BESIDE_NOBODY = (
    b" NO NI SE EL LO AL NA NAN POR DATO PAPA MAMA SOLTERO SOLTERA MUERTO PERSONA SUJETO INDIVIDUO HOMBRE MUJER MASCULINO FEMENINO ")


cdef bint is_one_of(const char* words, const unsigned char* letters, int length) noexcept nogil:
    """words: each between two spaces."""
    cdef char word[NOBODY_WORD_MAX + 3]
    if length > NOBODY_WORD_MAX:
        return False
    word[0] = word[length + 1] = c" "
    word[length + 2] = 0
    memcpy(&word[1], letters, length)
    return strstr(words, word) != NULL


cdef bint names_nobody(const char* text, size_t n) noexcept nogil:
    """NO CONSTA, XX XX, PERSONA DESCONOCIDA: no word of two letters or more is a name, and one says that there is none."""
    cdef FoldedName name
    cdef bint said = False
    cdef int i
    fold_name(<const unsigned char*>text, n, &name)
    for i in range(name.count):
        if name.length[i] < 2 or is_one_of(BESIDE_NOBODY, name.letters[i], name.length[i]):
            continue
        if not is_one_of(NOBODY_WORDS, name.letters[i], name.length[i]):
            return False
        said = True
    return said
