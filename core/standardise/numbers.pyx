"""Numbers of a person, each in its own column or in another's (docs/answers.md section 4)."""

from libc.string cimport memcmp, memcpy

from core.identifiers.canonical cimport LOOSE_NIT_MAX, cui_digits_into, miscounted_digits_into, read_into, shown_cuis_into, unchecked_nit_into
from core.identifiers.countries cimport country_into, split_country
from core.identifiers.kinds cimport KEY_CEDULA, KEY_DOCUMENT_NUMBER, KEY_LICENCE, KEY_NIT, KEY_TELEPHONE
from core.identifiers.rules cimport CANONICAL_MAX, RULE_FORMAT, RULE_LENGTH
from core.identifiers.words cimport WORDS_MAX, WORDS_TEXT
from core.standardise.cells cimport arena_take, no_cell, warn
from core.standardise.keys cimport canonical_at, canonical_of, text_at
from core.standardise.row cimport RULE_OTHERWISE, Cell, Context
from core.standardise.stated cimport (
    S_cedula, S_cui, S_document_country, S_document_number, S_licence, S_nit, S_telephone, Subject, SubjectPlan,
)
from core.standardise.vehicle cimport without_filler

cdef enum:
    CUI_DIGITS = 13
    CUI_TEXT_MIN = 12        # bytes; a shorter text is no CUI
    DOCUMENT_DIGITS_MIN = 5  # of a document in the CUI's column
    DOCUMENT_DIGITS_MAX = 9
    DOCUMENT_LETTERS_MAX = 3
    LOOSE_DIGITS_MAX = 14
    LOOSE_NIT_MIN = 5        # characters: a shorter one in the CUI's column is likely a code


cdef Cell cui_in(Context* c, Cell text) noexcept nogil:
    """The valid CUI that a cell of another kind is; null where it is none."""
    cdef Cell cui = no_cell()
    cdef char* out
    cdef bint valid, otherwise
    if text.size < CUI_TEXT_MIN or text.data == NULL:
        return cui
    out = arena_take(c, CUI_DIGITS)
    if out != NULL and cui_digits_into(text.data, text.size, out, &valid, &otherwise) and valid:
        cui.data = out
        cui.size = CUI_DIGITS
    return cui


cdef bint looks_like_document(Cell number) noexcept nogil:
    """Digits with a few letters before or behind them: nothing else of the row has this shape."""
    cdef int i, first = 0, last = number.size
    while first < last and not 48 <= number.data[first] <= 57:
        first += 1
    while last > first and not 48 <= number.data[last - 1] <= 57:
        last -= 1
    for i in range(first, last):
        if not 48 <= number.data[i] <= 57:
            return False
    return (DOCUMENT_DIGITS_MIN <= last - first <= DOCUMENT_DIGITS_MAX and first <= DOCUMENT_LETTERS_MAX
            and number.size - last <= DOCUMENT_LETTERS_MAX and (first == 0 or last == number.size))


cdef Cell read_in_cui_column(Context* c, Cell text, int kind) noexcept nogil:
    cdef Cell found
    cdef size_t size
    cdef bint otherwise
    cdef char* out = arena_take(c, CANONICAL_MAX)
    if out == NULL or read_into(kind, text.data, text.size, out, CANONICAL_MAX, &size, &otherwise):
        return no_cell()
    found.data = out
    found.size = <int>size
    return found


cdef Cell read_document(Context* c, SubjectPlan* plan, Subject* s, bint* readable) noexcept nogil:
    """The document's number; returns its country, which may stand beside the number; null where none can be read."""
    cdef Cell country = text_at(c, plan, S_document_country), number = text_at(c, plan, S_document_number)
    cdef char rest[WORDS_TEXT + WORDS_MAX]
    cdef char said[3]
    cdef char* out
    cdef int rule = RULE_FORMAT, length
    cdef bint code
    readable[0] = True
    if number.data == NULL and country.data == NULL:
        return country
    out = arena_take(c, 8)
    if out == NULL:
        return no_cell()
    if country.data != NULL:
        rule = country_into(country.data, country.size, out)
        readable[0] = rule == 0
        if rule and number.data != NULL:
            warn(c, plan.field + S_document_country, rule)
    if number.data != NULL:
        if split_country(number.data, number.size, said, rest, &length, &code) and (rule or memcmp(said, out, 3) == 0):
            memcpy(out, said, 3)
            rule = 0
            readable[0] = True
            number.data = rest
            number.size = length
            warn(c, plan.field + S_document_number, RULE_OTHERWISE)
        s.document_number = canonical_of(c, plan, S_document_number, KEY_DOCUMENT_NUMBER, number)
    if rule:
        return no_cell()
    country.data = out
    country.size = 3
    return country


cdef int read_cui(Context* c, SubjectPlan* plan, Subject* s, Cell written) noexcept nogil:
    """The CUI's column: RULE_OTHERWISE when it was read as clerks write it, RULE_LENGTH when it is none, else 0."""
    cdef char* out
    cdef bint valid = True, otherwise
    s.cui_valid = True
    if written.data == NULL:
        return 0
    out = arena_take(c, 16)
    if out == NULL or not cui_digits_into(written.data, written.size, out, &valid, &otherwise):
        s.n_shown_cuis = shown_cuis_into(written.data, written.size, s.shown_cuis)
        return RULE_LENGTH
    s.cui.data = out
    s.cui.size = CUI_DIGITS
    s.cui = without_filler(c, plan, S_cui, s.cui)
    s.cui_valid = valid or s.cui.data == NULL
    return RULE_OTHERWISE if otherwise and s.cui.data != NULL else 0


cdef int read_others_in_cui_column(Context* c, SubjectPlan* plan, Subject* s, Cell written, Cell cedula, bint foreign) noexcept nogil:
    """Reads the CUI's column if it holds and shows no CUI: RULE_OTHERWISE for a cédula or a document, else RULE_LENGTH.
    """
    cdef Cell document = no_cell(), beside
    cdef int rule = RULE_LENGTH
    if cedula.data == NULL:
        s.cedula = read_in_cui_column(c, written, KEY_CEDULA)
    if foreign and s.cedula.data == NULL:
        document = read_in_cui_column(c, written, KEY_DOCUMENT_NUMBER)
    if document.data != NULL and looks_like_document(document):
        beside = text_at(c, plan, S_document_number)
        if beside.data == NULL:
            s.document_number = document
        elif s.cui.data == NULL:
            s.cui = cui_in(c, beside)
            if s.cui.data != NULL:
                s.document_number = document
        if s.document_number.data == document.data:
            rule = RULE_OTHERWISE
    return RULE_OTHERWISE if s.cedula.data != NULL else rule


cdef bint is_filler(Cell number) noexcept nogil:
    cdef int i
    for i in range(1, number.size):
        if number.data[i] != number.data[0]:
            return False
    return True


cdef Cell read_loose_number(Context* c, Cell written) noexcept nogil:
    """Returns the loose number in the CUI's column, used for nothing else: a CUI with one digit lost or too many, or a
    NIT."""
    cdef Cell found = no_cell()
    cdef char* out = arena_take(c, LOOSE_DIGITS_MAX)
    if written.data == NULL or out == NULL:
        return found
    found.size = miscounted_digits_into(written.data, written.size, out)
    if found.size:
        found.data = out
    else:
        found = read_in_cui_column(c, written, KEY_NIT)
    return found if found.size >= LOOSE_NIT_MIN and not is_filler(found) else no_cell()


cdef Cell read_unchecked_nit(Context* c, Cell written) noexcept nogil:
    """Returns the number in the NIT's column with a wrong check digit: perhaps a slip in another person's NIT."""
    cdef Cell found = no_cell()
    cdef char* out = arena_take(c, LOOSE_NIT_MAX)
    if written.data == NULL or out == NULL:
        return found
    found.data = out
    found.size = unchecked_nit_into(written.data, written.size, out)
    return found if found.size >= LOOSE_NIT_MIN and not is_filler(found) else no_cell()


cdef void read_cui_elsewhere(Context* c, SubjectPlan* plan, Subject* s, Cell cedula, bint may_be_document) noexcept nogil:
    """A CUI in another identifier's column: the document's, unless it is a foreign one, the licence's, the cédula's."""
    if may_be_document:
        s.cui = cui_in(c, text_at(c, plan, S_document_number))
        if s.cui.data != NULL:
            warn(c, plan.field + S_document_number, RULE_OTHERWISE)
    if s.cui.data == NULL:
        s.cui = cui_in(c, s.licence)
        if s.cui.data != NULL:
            warn(c, plan.field + S_licence, RULE_OTHERWISE)
    if s.cui.data == NULL:
        s.cui = cui_in(c, cedula)
        if s.cui.data != NULL:
            warn(c, plan.field + S_cedula, RULE_OTHERWISE)


cdef void read_numbers(Context* c, SubjectPlan* plan, Subject* s) noexcept nogil:
    cdef Cell written = text_at(c, plan, S_cui), country, cedula
    cdef bint foreign, readable
    cdef int rule = read_cui(c, plan, s, written)
    # each in its own column
    s.nit = canonical_at(c, plan, S_nit, KEY_NIT)
    if s.cui.data == NULL and s.nit.size == CUI_DIGITS:
        s.cui = cui_in(c, s.nit)
    s.licence = without_filler(c, plan, S_licence, canonical_at(c, plan, S_licence, KEY_LICENCE))
    s.telephone = canonical_at(c, plan, S_telephone, KEY_TELEPHONE)
    country = read_document(c, plan, s, &readable)
    foreign = country.data != NULL and memcmp(country.data, b"GTM", 3) != 0
    cedula = text_at(c, plan, S_cedula)
    # in each other's columns
    if rule == RULE_LENGTH and s.n_shown_cuis == 0:
        rule = read_others_in_cui_column(c, plan, s, written, cedula, foreign)
    if s.cui.data == NULL and s.n_shown_cuis == 0:
        read_cui_elsewhere(c, plan, s, cedula, not foreign and readable)
    if rule:
        warn(c, plan.field + S_cui, rule)
    if rule == RULE_LENGTH and s.cui.data == NULL and s.n_shown_cuis == 0:
        s.loose_number = read_loose_number(c, written)
    if s.loose_number.data == NULL and s.cui.data == NULL and s.nit.data == NULL:
        s.loose_number = read_unchecked_nit(c, text_at(c, plan, S_nit))
    # what a CUI was found in is nothing else
    if s.cedula.data == NULL and (s.cui.data == NULL or cui_in(c, cedula).data == NULL):
        s.cedula = canonical_at(c, plan, S_cedula, KEY_CEDULA)
    s.document_number = without_filler(c, plan, S_document_number, s.document_number)
    if s.document_number.data != NULL:
        s.document_country = country
