"""Names of a question, without the GIL. Nothing here is for Python."""

from core.calendar cimport date_from_day
from core.call.question cimport NAME_FULL, NAME_TEXTS, Question, Text
from core.contract.error cimport ERROR_REASON_FIELD_INVALID
from core.failure cimport OK, fail
from core.free_text.names cimport FreeName, read_free_name
from core.names.keys cimport FOLDED_MAX, NAME_KEY_MAX, name_key_into, name_key_of_parts_into
from core.names.nobody cimport names_nobody
from core.names.reading cimport ReadName, name_text_into, read_name
from core.questions.lost_letters cimport mend_asked


cdef void _read_text(const char* text, size_t size, ReadName* out) noexcept nogil:
    """Reads a stored name, its lost letters marked."""
    cdef char mended[FOLDED_MAX]
    cdef size_t length = mend_asked(text, size, mended, sizeof(mended))
    if length:
        read_name(mended, length, NULL, &out.shape, out.forms)
    else:
        read_name(text, size, NULL, &out.shape, out.forms)


cdef void _read_plain(Call* call, const char* text, size_t size, ReadName* out) noexcept nogil:
    cdef const char* parts[NAME_FULL]
    cdef size_t lengths[NAME_FULL]
    cdef int i, n
    for i in range(NAME_FULL):
        parts[i] = b""
        lengths[i] = 0
    n = name_text_into(parts, lengths, text, size, call.folded, sizeof(call.folded))
    _read_text(call.folded, n if n > 0 else 0, out)


cdef void read_asked_name(Call* call, const char* text, size_t size) noexcept nogil:
    call.names.length = name_key_into(text, size, call.names.text, NAME_KEY_MAX)
    _read_plain(call, text, size, &call.asked_name)


cdef int take_names(Call* call, const char* text, size_t size, const char* field) noexcept nogil:
    read_asked_name(call, text, size)
    if call.names.length <= 0:
        return fail(call.failure, ERROR_REASON_FIELD_INVALID, field, "characters")
    return OK


cdef int take_free_names(Call* call, const char* text, size_t size, const char* field) noexcept nogil:
    cdef FreeName name
    cdef Question* question = &call.question
    read_free_name(text, size, &name)
    if name.digits:
        return fail(call.failure, ERROR_REASON_FIELD_INVALID, field, "digits that are no birth date")
    if name.age:
        name.year = date_from_day(call.today).year - name.age
    if question.birth_year == 0 and question.birth_month == 0 and question.birth_mday == 0:
        question.birth_year = name.year
        question.birth_month = name.month
        question.birth_mday = name.day
    return take_names(call, name.text, name.size, field)


cdef int take_name_parts(Call* call, bint* given) noexcept nogil:
    cdef const char* parts[NAME_FULL]
    cdef size_t lengths[NAME_FULL]
    cdef size_t all = 0
    cdef int i, n
    for i in range(NAME_TEXTS):
        all += call.question.name[i].size
    given[0] = all > 0
    if not given[0]:
        return OK
    for i in range(NAME_FULL):
        parts[i] = call.question.name[i].data
        lengths[i] = call.question.name[i].size
    call.names.length = name_key_of_parts_into(parts, lengths, call.question.name[NAME_FULL].data,
                                               call.question.name[NAME_FULL].size, call.names.text, NAME_KEY_MAX)
    if call.names.length <= 0:
        return fail(call.failure, ERROR_REASON_FIELD_INVALID, "name", "characters")
    n = name_text_into(parts, lengths, call.question.name[NAME_FULL].data, call.question.name[NAME_FULL].size, call.folded,
                       sizeof(call.folded))
    if n > 0 and names_nobody(call.folded, n):
        given[0] = False
        call.names.length = call.asked_name.shape.count = 0
        return OK
    _read_text(call.folded, n if n > 0 else 0, &call.asked_name)
    return OK


cdef inline int _read_parent(Call* call, ReadName* name, const Text* text) noexcept nogil:
    name.shape.count = 0
    if text.size and not names_nobody(text.data, text.size):
        _read_plain(call, text.data, text.size, name)
    return name.shape.count


cdef bint read_asked_parents(Call* call) noexcept nogil:
    return (_read_parent(call, &call.asked_father, &call.question.father)
            + _read_parent(call, &call.asked_mother, &call.question.mother)) > 0
