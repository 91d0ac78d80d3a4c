# Comparison of two persons, without the GIL (docs/names.md).
#
#   text --read_name (core.names.reading)--> NameShape + TokenForm[]      once for a question, once for a claim
#   two TokenForm --compare_tokens (core.names.tokens)--> kind           cached by pair of tokens
#   two NameShape + kinds --pair_names (core.names.pairing)--> evidence, agreement, pairs
#   birth date, sex, department, parents --*_evidence--> evidence
#   all evidence, population --match_probability--> score 0..1
#
# Evidence is in hundredths of a bit.

from libc.stdint cimport int32_t, uint8_t, uint16_t

from core.names.weights cimport BIRTH_EQUAL

cdef struct PartialBirth:
    uint16_t year             # 0 = unknown
    uint8_t month
    uint8_t day

# Each writes the ronda.v1 Agreement and returns the evidence.
cdef int32_t birth_evidence(PartialBirth a, PartialBirth b, uint8_t* agreement) noexcept nogil
# Returns whether that evidence is of one day, so that different given names may cost little: 1 January often stands for
# the year alone.
cdef inline bint is_same_day(PartialBirth a, int32_t evidence) noexcept nogil:
    return evidence >= BIRTH_EQUAL and not (a.month == 1 and a.day == 1)

cdef int32_t sex_evidence(uint8_t a, uint8_t b, uint8_t* agreement) noexcept nogil
# A set has bit (INE number) for each department of birth and residence; 0 = unknown.
cdef int32_t department_evidence(int32_t a, int32_t b, uint8_t* agreement) noexcept nogil
# INE codes of four digits; 0 = unknown.
cdef int32_t municipality_evidence(uint16_t a, uint16_t b) noexcept nogil
# Evidence of an Agreement of parents.
cdef int32_t parents_evidence(uint8_t agreement) noexcept nogil

# log2(population) in hundredths of a bit; population >= 1.
cdef int32_t prior_bits(double population) noexcept nogil
# Score 0..1, rising with evidence - prior: rank by evidence.
cdef double match_probability(int32_t evidence, int32_t prior) noexcept nogil

# A name given as str or bytes, as UTF-8. Raises TypeError for anything else.
cdef bytes utf8(object text)
