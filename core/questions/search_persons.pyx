"""Searches of persons by name, without the GIL. Nothing here is for Python."""

from libc.stdint cimport uint64_t

from core.answer.pages cimport finish_search, is_blank, put_search_page, search_goes_on
from core.call.page_token cimport PageStart, mix_bytes, mix_number, read_page_token
from core.call.question cimport Question
from core.contract.check_service_fields cimport F_SearchPersonsResponse_narrow_by
from core.contract.error cimport ERROR_REASON_QUESTION_AMBIGUOUS, ERROR_REASON_QUESTION_EMPTY
from core.contract.value cimport SEX_UNSPECIFIED
from core.failure cimport FAILED, OK, fail
from core.questions.asked_names cimport read_asked_parents, take_free_names, take_name_parts
from core.questions.candidates cimport gather_candidates
from core.questions.name_search cimport BROAD, NAMES_SEARCHED, find_by_name, narrowing_field, narrowing_field_name
from core.subject.person_comparison cimport BY_NAME, PersonQuestion
from core.wire cimport put_bytes


cdef int _take_question(Call* call, PersonQuestion* asked) noexcept nogil:
    cdef Question* question = &call.question
    cdef bint parted
    if take_name_parts(call, &parted) < 0:
        return FAILED
    if parted and not is_blank(question.names.data, question.names.size):
        return fail(call.failure, ERROR_REASON_QUESTION_AMBIGUOUS, "names", "came together with a name in parts")
    if not parted:
        if is_blank(question.names.data, question.names.size):
            return fail(call.failure, ERROR_REASON_QUESTION_EMPTY, "names", "nothing was asked")
        if take_free_names(call, question.names.data, question.names.size, "names") < 0:
            return FAILED
    asked.n = 0
    asked.principal = BY_NAME
    asked.birth = question.birth_year != 0 or question.birth_month != 0 or question.birth_mday != 0
    asked.sex = question.sex != SEX_UNSPECIFIED
    asked.years = question.year_from or question.year_to or question.age_from or question.age_to
    asked.department = question.department != 0
    asked.parents = read_asked_parents(call)
    return OK


cdef uint64_t _hash(const Call* call) noexcept nogil:
    """Returns a hash of everything that decides the list."""
    cdef const Question* question = &call.question
    cdef uint64_t hash = mix_bytes(call, question.method, call.names.text, call.names.length)
    cdef int i
    hash = mix_bytes(call, hash, question.names.data, question.names.size)
    for i in range(7):
        hash = mix_bytes(call, hash, question.name[i].data, question.name[i].size)
    hash = mix_bytes(call, hash, question.father.data, question.father.size)
    hash = mix_bytes(call, hash, question.mother.data, question.mother.size)
    hash = mix_number(call, hash, <uint64_t>question.birth_year << 32 | <uint64_t>question.birth_month << 8
                      | <uint64_t>question.birth_mday)
    hash = mix_number(call, hash, <uint64_t>question.year_from << 32 | <uint64_t>question.year_to)
    hash = mix_number(call, hash, <uint64_t>question.age_from << 32 | <uint64_t>question.age_to)
    hash = mix_number(call, hash, <uint64_t>question.sex << 32 | <uint64_t>question.department)
    return mix_number(call, hash, <uint64_t>question.municipality)


cdef int search_persons(Call* call) noexcept nogil:
    cdef PersonQuestion asked
    cdef const char* narrower
    cdef uint64_t hash
    cdef PageStart start
    if _take_question(call, &asked) < 0:
        return FAILED
    hash = _hash(call)
    if read_page_token(call, hash, &start) < 0:
        return FAILED
    if find_by_name(call, NAMES_SEARCHED, <size_t>start.offset + call.question.page_size, "names") < 0:
        return FAILED
    if search_goes_on(call, hash, &start) < 0:
        return FAILED
    if gather_candidates(call, &asked, NULL, min(<size_t>start.offset, call.fits.count), call.question.page_size,
                         False, False) < 0:
        return FAILED
    if put_search_page(call, False) < 0 or finish_search(call, hash, start.offset) < 0:
        return FAILED
    if call.fits.count > BROAD:
        narrower = narrowing_field_name(narrowing_field(call))
        put_bytes(call.out, F_SearchPersonsResponse_narrow_by, narrower, _length(narrower))
    return OK


cdef size_t _length(const char* text) noexcept nogil:
    cdef size_t n = 0
    while text[n]:
        n += 1
    return n
