# Points for how well a record's facts support that it means the bearer of its number (docs/answers.md section 4).

from core.contract.level cimport AGREEMENT_AGREES, AGREEMENT_DISAGREES

cdef enum:
    POINTS_NAME_WHOLE = 2      # the names agree, in three words or more of each
    POINTS_NAME_SHORT = 1      # they agree in fewer
    POINTS_GIVEN_PARTED = -1   # they do not; a given name of each has no partner in the other: a brother's, perhaps
    POINTS_GIVEN_OTHERS = -2   # and no given names go together
    POINTS_SURNAME_PARTED = -1  # besides: a surname of each has no partner
    POINTS_SURNAMES_OTHERS = -2  # and no surnames go together
    POINTS_NAME_ELSE = -1      # they disagree otherwise
    POINTS_BIRTH_AGREES = 1
    POINTS_BIRTH_DIFFERS = -2
    POINTS_PARENTS_AGREE = 1
    POINTS_PARENT_DIFFERS = -1
    POINTS_PARENTS_DIFFER = -4  # both: whoever else all is right for, the record tells of another couple's child
    POINTS_OF_A_NUMBER = 0     # from which on a CUI, document, NIT or licence makes a HIT
    POINTS_OF_A_CEDULA = 1     # a cédula: thousands were given twice

# Points of two names, stored or plain. parted: set where both have a given name without a partner in the other. Any bytes are safe.
cdef int name_points(const char* a, size_t a_n, const char* b, size_t b_n, bint* parted) noexcept nogil


cdef inline int parents_points(int father, int mother) noexcept nogil:
    """father, mother: ronda.v1 Agreement with one claim, 0 = not stated by both."""
    if father == AGREEMENT_DISAGREES or mother == AGREEMENT_DISAGREES:
        return POINTS_PARENTS_DIFFER if father == mother else POINTS_PARENT_DIFFERS
    return POINTS_PARENTS_AGREE if father == AGREEMENT_AGREES or mother == AGREEMENT_AGREES else 0


cdef inline int number_points(int names, bint parted, int birth, int parents) noexcept nogil:
    """names: name_points of the best claim, 0 = none compared. birth: ronda.v1 Agreement, 0 = none compared. parents:
    parents_points of the best claim that states any.

    parted: no claim's given names go with the record's. Then parents say nothing for it, nor where the birth date is
    another's: brothers share them.
    """
    cdef int points = names
    if birth == AGREEMENT_AGREES:
        points += POINTS_BIRTH_AGREES
    elif birth == AGREEMENT_DISAGREES:
        points += POINTS_BIRTH_DIFFERS
    if parents < 0 or (not parted and birth != AGREEMENT_DISAGREES):
        points += parents
    return points
