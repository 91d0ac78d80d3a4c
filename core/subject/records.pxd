# Records of a dossier copied into an answer, section by section (docs/answers.md section 10).

from libc.stdint cimport int32_t, uint8_t, uint32_t, uint64_t

from core.call.memory cimport Call
from core.generation.view cimport Dossier
from core.subject.shown cimport Left

cdef enum:
    SECTIONS_MAX = 64            # ronda.v1.Section 0 to 63: a set of them is one word
    # Bit (1 << Section) of what tells where somebody can be found: ADDRESS, TELEPHONE, SECURITY_GUARD (the employer).
    WHEREABOUTS = (1 << 2) | (1 << 3) | (1 << 20)

cdef struct Totals:
    int n
    uint8_t section[SECTIONS_MAX]
    int32_t total[SECTIONS_MAX]  # visible
    int32_t shown[SECTIONS_MAX]

# Copies the visible records of the sections in `allowed` (bit 1 << Section) that the request wants, at most `most` of
# each.
# With `skip` the first visible ones of each section are left out (pages). Totals count every visible record of
# `allowed`; `left` gains the sections of those copied.
cdef void put_records(Call* call, const Dossier* dossier, uint64_t allowed, int most, int skip,
                      Totals* totals, Left* left) noexcept nogil
cdef void put_totals(Call* call, uint32_t number, const Totals* totals) noexcept nogil
# Notes one more section in its place.
cdef void totals_insert(Totals* totals, uint8_t section, int32_t total, int32_t shown) noexcept nogil
cdef bint any_record_visible(const Call* call, const Dossier* dossier) noexcept nogil
cdef bint section_visible(const Call* call, const Dossier* dossier, uint8_t section) noexcept nogil
# The sections that are left out of an answer about a person who is protected today, bit (1 << Section). `asked`: the
# question asked about the person, and was not about a vehicle; then a caller who sees the order itself sees them.
cdef uint64_t kept_sections(const Call* call, const Dossier* dossier, bint asked) noexcept nogil
# Returns whether a record of a protected side that is in force today is on file for the person, certain or not, visible
# or not.
cdef bint protected_today(const Call* call, const Dossier* dossier) noexcept nogil
