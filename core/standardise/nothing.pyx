"""Cells that say that nothing is known: NO CONSTA for a parent, SIN FECHA for a date (docs/statute.md, rule 16)."""

from core.names.folding cimport FoldedName, drop_particles, fold_name
from core.names.nobody cimport BESIDE_NOBODY, NOBODY_WORDS, is_one_of
from core.standardise.row cimport Cell

# Beside them in a date's cell: SIN FECHA DE NACIMIENTO.
cdef const char* BESIDE_NO_DATE = b" FECHA FECHAS DE DEL NACIMIENTO VENCIMIENTO INICIO FIN "
# Letters of N/A, S/D, S/F, N/C, N/I.
cdef const char* LETTERS_OF_NONE = b" N A S D F C I "


cdef bint names_a_parent(Cell text) noexcept nogil:
    """Returns whether two words or more of two letters are a name: too many people share one given name."""
    cdef FoldedName name
    cdef int i, count = 0
    fold_name(<const unsigned char*>text.data, text.size, &name)
    drop_particles(&name)
    for i in range(name.count):
        count += name.length[i] > 1 and not is_one_of(NOBODY_WORDS, name.letters[i], name.length[i])
    return count > 1


cdef bint tells_no_date(Cell cell) noexcept nogil:
    """NO CONSTA, SIN FECHA, N/A, XX, dashes: no digit, no word that may be a month, no sign of a letter that was lost."""
    cdef FoldedName words
    cdef bint said = False
    cdef int i
    for i in range(cell.size):
        if 48 <= cell.data[i] <= 57 or cell.data[i] == c"?":
            return False
    fold_name(<const unsigned char*>cell.data, cell.size, &words)
    for i in range(words.count):
        if words.length[i] == 1:
            if not is_one_of(LETTERS_OF_NONE, words.letters[i], 1):
                return False
            continue
        if is_one_of(BESIDE_NO_DATE, words.letters[i], words.length[i]):
            continue
        if not (is_one_of(NOBODY_WORDS, words.letters[i], words.length[i])
                or is_one_of(BESIDE_NOBODY, words.letters[i], words.length[i])):
            return False
        said = True
    return said or words.count != 1
