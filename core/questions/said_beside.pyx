"""Reads facts stated beside the one thing that a box asks for. Nothing here is for Python."""

from libc.stdint cimport uint8_t
from libc.string cimport memcpy

from core.call.notes cimport NOTE_NAME_NOT_ASKED
from core.contract.value cimport SEX_FEMALE, SEX_MALE, SEX_UNSPECIFIED
from core.failure cimport OK
from core.free_text.box cimport BOX_TEXT
from core.identifiers.canonical cimport canonical_into
from core.identifiers.rules cimport CANONICAL_MAX, RULE_OK
from core.name_index.file cimport token_find
from core.names.folding cimport N_TILDE, FoldedName, fold_name
from core.names.nobody cimport names_nobody
from core.questions.asked_names cimport take_names

cdef enum:
    NAMES_KNOWN = 2              # words beside a number that are on file as names: fewer may be any words


cdef int said_kind(const BoxText* said, Canonical* found) noexcept nogil:
    cdef size_t length
    if said.kind == 0 or canonical_into(said.kind, said.text, said.size, found[0].text, CANONICAL_MAX,
                                            &length) != RULE_OK:
        return 0
    found[0].kind = <uint8_t>said.kind
    found[0].length = <uint8_t>length
    return 1


cdef void _take_born(Call* call, const BoxText* said) noexcept nogil:
    """The birth date and sex said beside a number, where the question states none."""
    if said.born.year and not (call.question.birth_year or call.question.birth_month or call.question.birth_mday):
        call.question.birth_year = said.born.year
        call.question.birth_month = said.born.month
        call.question.birth_mday = said.born.day
    if said.born.sex and call.question.sex == SEX_UNSPECIFIED:
        call.question.sex = SEX_MALE if said.born.sex == c"M" else SEX_FEMALE


cdef int _unfold_into(const uint8_t* letters, int n, char* out) noexcept nogil:
    """UTF-8 of folded letters; at most two bytes each."""
    cdef int i, size = 0
    for i in range(n):
        if letters[i] == N_TILDE:
            memcpy(out + size, b"\xc3\x91", 2)
            size += 2
        else:
            out[size] = <char>letters[i]
            size += 1
    return size


cdef int _take_names_beside(Call* call, const BoxText* said, Outcome* outcome) noexcept nogil:
    """The name said beside a person's number is compared with the person's; beside a vehicle's it was not asked."""
    cdef FoldedName words
    cdef char text[BOX_TEXT]
    cdef int i, size = 0, count = 0
    if said.names_size == 0:
        return OK
    fold_name(<const unsigned char*>said.names, said.names_size, &words)
    for i in range(words.count):
        if words.length[i] < 3 or token_find(&call.store.names, words.letters[i], words.length[i]) == 0:
            continue
        if size + 2 * words.length[i] + 1 > BOX_TEXT:
            break
        size += _unfold_into(words.letters[i], words.length[i], text + size)
        text[size] = c" "
        size += 1
        count += 1
    if count < NAMES_KNOWN or names_nobody(text, size):
        return OK
    if said.of_vehicle:
        outcome.notes |= 1 << NOTE_NAME_NOT_ASKED
        return OK
    return take_names(call, text, size, "query")


cdef int take_said_beside(Call* call, const BoxText* said, Outcome* outcome) noexcept nogil:
    _take_born(call, said)
    return _take_names_beside(call, said, outcome)
