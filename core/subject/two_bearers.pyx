"""Alerts under a number that two persons bear, without the GIL. Nothing here is for Python."""

from libc.stdint cimport uint8_t, uint32_t

from core.agreement cimport better
from core.calendar cimport birth_dates_agreement
from core.contract.level cimport AGREEMENT_AGREES, AGREEMENT_DISAGREES
from core.generation.dossier cimport ClaimEntry
from core.names.pairing cimport compare_with_text


cdef bint names_asked_bearer(const Call* call, const Dossier* dossier, const AlertEntry* alert) noexcept nogil:
    cdef uint32_t i
    cdef uint8_t names = 0, birth = 0
    cdef const ClaimEntry* claim
    for i in range(dossier.header.n_claims):
        claim = &dossier.claims[i]
        if (claim.identity or claim.register != alert.register or claim.section != alert.section
                or claim.sensitivity != alert.sensitivity):
            continue
        if claim.name_text_length and call.asked_name.shape.count:
            names = better(names, compare_with_text(
                &call.asked_name, <const char*>dossier.bytes + claim.name_text_offset, claim.name_text_length))
        if claim.birth_year and call.question.birth_year:
            birth = better(birth, <uint8_t>birth_dates_agreement(
                call.question.birth_year, call.question.birth_month, call.question.birth_mday,
                claim.birth_year, claim.birth_month, claim.birth_mday))
    return names == AGREEMENT_AGREES or (birth == AGREEMENT_AGREES and names != AGREEMENT_DISAGREES)
