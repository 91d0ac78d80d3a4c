# A dossier that store_dossier has verified, with its tables at hand (layout: core/generation/dossier.pxd).

from libc.stdint cimport int32_t, uint8_t, uint32_t

from core.calendar cimport LAST_FILLER_YEAR, NO_DAY, CivilDate, date_from_day
from core.contract.alert cimport ALERT_STATE_PENDING, ALERT_STATE_UNSPECIFIED
from core.generation.dossier cimport (
    ALERT_CLOSED_ON_NO_DAY, AlertEntry, ClaimEntry, DossierHeader, IdentifierEntry, OwnerEntry, RecordEntry,
)

cdef struct Dossier:
    const uint8_t* bytes
    const DossierHeader* header
    const AlertEntry* alerts
    const RecordEntry* records
    const OwnerEntry* owners
    const ClaimEntry* claims
    const IdentifierEntry* identifiers

cdef inline void dossier_view(Dossier* dossier, const uint8_t* bytes) noexcept nogil:
    cdef const DossierHeader* header = <const DossierHeader*>bytes
    dossier.bytes = bytes
    dossier.header = header
    dossier.alerts = <const AlertEntry*>(bytes + sizeof(DossierHeader))
    dossier.records = <const RecordEntry*>(dossier.alerts + header.n_alerts)
    dossier.owners = <const OwnerEntry*>(dossier.records + header.n_records)
    dossier.claims = <const ClaimEntry*>(dossier.owners + header.n_owners)
    dossier.identifiers = <const IdentifierEntry*>(dossier.claims + header.n_claims)

cdef enum:
    SPAN_UNKNOWN = 32767         # of a first or last day that may be any

cdef inline bint holds_surely(int32_t valid_from, int32_t valid_to, int from_span, int to_span, int32_t day) noexcept nogil:
    """Returns whether a day lies between the latest possible first and the earliest possible last day."""
    if from_span == SPAN_UNKNOWN or to_span == SPAN_UNKNOWN:
        return False
    return (valid_from == NO_DAY or valid_from + from_span <= day) and (valid_to == NO_DAY or valid_to - to_span >= day)

cdef inline bint holds_on(int32_t valid_from, int32_t valid_to, int32_t day) noexcept nogil:
    """Returns whether a day lies within two days; an unknown one leaves its side open."""
    return (valid_from == NO_DAY or valid_from <= day) and (valid_to == NO_DAY or valid_to >= day)

cdef inline bint closing_is_doubtful(const AlertEntry* alert, int32_t today) noexcept nogil:
    """Closed on a day that is still to come, or before its issue, or on one that programs write for none."""
    cdef CivilDate date
    if alert.state == ALERT_STATE_PENDING or alert.state == ALERT_STATE_UNSPECIFIED or alert.state_date == 0:
        return False
    if alert.state_date // 10000 <= LAST_FILLER_YEAR or alert.flags & ALERT_CLOSED_ON_NO_DAY:
        return True
    date = date_from_day(today)
    return alert.state_date > <uint32_t>(date.year * 10000 + date.month * 100 + date.day)

cdef inline bint alert_in_force(const AlertEntry* alert, int32_t today) noexcept nogil:
    """Pending, or not closed for certain, and the day within its validity."""
    return ((alert.state == ALERT_STATE_PENDING or closing_is_doubtful(alert, today))
            and holds_on(alert.valid_from, alert.valid_to, today))
