# Alerts of a dossier: which are in force, at what level they hit, and how hits and closed alerts are written
# (docs/answers.md sections 6 and 11).

from libc.stdint cimport int32_t, uint8_t, uint32_t

from core.call.memory cimport Call
from core.generation.dossier cimport AlertEntry, DossierHeader
from core.generation.view cimport Dossier, holds_on, holds_surely
from core.subject.shown cimport Left, left_add


cdef struct AlertSum:            # what a subject's alerts in force come to
    uint8_t level                # strongest; UNSPECIFIED = none
    bint armed                   # one of them says so
    bint misused                 # a DOCUMENT alert says that another used the identity
    int32_t in_force             # visible alerts in force
    bint one_bearer              # one counted by name alone names nobody else on file
    bint crowded                 # one that means this person or others, more than fifty, reaches the alert score
    bint adolescents_hidden      # this question shows no adolescents' orders of the person, be there any or not

cdef inline bint named_by_unlinked(const AlertSum* alerts) noexcept nogil:
    """Returns whether an alert linked to nobody may mean the subject: never CLEAR, and REVIEW against WANTED."""
    return alerts.crowded or alerts.one_bearer

# Returns whether the caller may know the count name_only_alerts: it needs IDENTITY and every alert section OPEN.
cdef bint name_only_alerts_shown(const Call* call, const DossierHeader* header) noexcept nogil
# Returns whether a person is 18 today; false for an unknown year of birth (section 10).
cdef bint of_age(const Call* call, const DossierHeader* header) noexcept nogil
# Returns whether it is a warrant or escape in force for an act as a minor, on a person who is not of age (section 10).
cdef bint adolescents_order(const Call* call, const DossierHeader* header, const AlertEntry* alert) noexcept nogil
# A natural person under 18, or of unknown age.
cdef bint may_be_a_child(const Call* call, const DossierHeader* header) noexcept nogil
# Returns whether the caller sees every adolescent's order as it is.
cdef bint sees_adolescents(const Call* call) noexcept nogil
# Returns whether an alert may be seen: as it is, or an adolescent's order without its offence (section 10).
cdef bint alert_shows(const Call* call, const DossierHeader* header, const AlertEntry* alert) noexcept nogil
# Level of one alert in force by the link of question (and owner); NOT_LISTED, DAMAGED_RECORD, an order of more than twenty
# years and what does not hold for certain today are never above POSSIBLE.
cdef uint8_t alert_level(const Call* call, const AlertEntry* alert, uint8_t link) noexcept nogil
# Sums up the visible alerts in force of a dossier; with subject_kind not 0 they become hits of the answer too.
cdef void sum_alerts(Call* call, const Dossier* dossier, uint8_t link, uint8_t subject_kind, int32_t ordinal,
                     AlertSum* total) noexcept nogil
# Answer.hits and hits_total.
cdef void put_hits(Call* call) noexcept nogil
# Visible alerts that are not in force, as field `number` (closed_alerts), at most `most`; returns how many.
cdef int put_closed_alerts(Call* call, const Dossier* dossier, uint32_t number, uint8_t subject_kind,
                           int32_t ordinal, int most, Left* left) noexcept nogil
# A CodedText note without anything to fill in.
cdef void put_note(Call* call, uint32_t number, int note) noexcept nogil
# SIMILAR_NAME_ALERT, which says how many weak candidates have an alert.
cdef void put_similar_note(Call* call, uint32_t number) noexcept nogil
# Puts a note with a text that ends in a day, dd/mm/yyyy.
cdef void put_dated_note(Call* call, uint32_t number, int note, int32_t day) noexcept nogil
