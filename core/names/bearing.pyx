"""Decides whether a record's facts support that it means the bearer of its number (docs/answers.md section 4)."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE

from core.contract.level cimport AGREEMENT_AGREES, AGREEMENT_DISAGREES
from core.names.comparison cimport utf8
from core.names.pairing cimport (
    CONFLICT_GIVEN, CONFLICT_SURNAME, EXTRA_GIVEN, EXTRA_SURNAME, KindMatrix, NamePairing, fill_kinds, pair_names,
)
from core.names.reading cimport ROLE_MARRIED, NameShape, ReadName, read_name


cdef enum:
    SHORT = 2                 # words of a name that many bear


cdef int _words(const NameShape* name) noexcept nogil:
    """Words of a name, surnames of husbands aside."""
    cdef int i, found = 0
    for i in range(name.count):
        found += name.tokens[i].role != ROLE_MARRIED
    return found


cdef int name_points(const char* a, size_t a_n, const char* b, size_t b_n, bint* parted) noexcept nogil:
    cdef ReadName left, right
    cdef KindMatrix kinds
    cdef NamePairing pairing
    cdef int points = 0
    read_name(a, a_n, NULL, &left.shape, left.forms)
    read_name(b, b_n, NULL, &right.shape, right.forms)
    fill_kinds(&left.shape, left.forms, &right.shape, right.forms, &kinds)
    pair_names(&left.shape, &right.shape, &kinds, &pairing, NULL)
    parted[0] = pairing.flags & (CONFLICT_GIVEN | EXTRA_GIVEN) != 0
    if pairing.agreement == AGREEMENT_AGREES:
        return POINTS_NAME_SHORT if min(_words(&left.shape), _words(&right.shape)) <= SHORT else POINTS_NAME_WHOLE
    if pairing.flags & CONFLICT_GIVEN:
        points = POINTS_GIVEN_OTHERS
    elif pairing.flags & EXTRA_GIVEN:
        points = POINTS_GIVEN_PARTED
    if pairing.flags & CONFLICT_SURNAME:
        points += POINTS_SURNAMES_OTHERS
    elif pairing.flags & EXTRA_SURNAME:
        points += POINTS_SURNAME_PARTED
    return POINTS_NAME_ELSE if points == 0 and pairing.agreement == AGREEMENT_DISAGREES else points


def points_of_names(a: str | bytes, b: str | bytes) -> tuple[int, bool]:
    cdef bytes left = utf8(a), right = utf8(b)
    cdef bint parted = False
    cdef int points = name_points(PyBytes_AS_STRING(left), PyBytes_GET_SIZE(left),
                                  PyBytes_AS_STRING(right), PyBytes_GET_SIZE(right), &parted)
    return points, parted


def points_of_parents(father: int, mother: int) -> int:
    return parents_points(father, mother)


def bears_out(names: int, parted: bool, birth: int, parents: int, *, of_cedula: bool) -> bool:
    return number_points(names, parted, birth, parents) >= (POINTS_OF_A_CEDULA if of_cedula else POINTS_OF_A_NUMBER)
