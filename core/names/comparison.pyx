"""Comparison of two persons: one score, and what agrees (docs/names.md).

The score is the share of such pairs that are one person, between 0 and 1, for a pair drawn from `population` persons.
By default a pair is looked at by itself. Search over an index gives the same score as `compare` does with the index's
frequencies and population.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.math cimport exp, floor, log2
from libc.stdint cimport int32_t, uint8_t, uint16_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memset

from core.agreement cimport better
from core.calendar cimport BIRTH_GRADES, birth_dates_agreement, birth_grade, partial_date_problem
from core.contract.level cimport AGREEMENT_AGREES, AGREEMENT_DISAGREES, AGREEMENT_UNKNOWN
from core.names.folding cimport FoldedName, fold_name
from core.names.frequencies cimport NameFrequencies, token_bits
from core.names.pairing cimport (
    COUNTS, KindMatrix, NameCounts, NamePairing, compare_name_texts, fill_kinds, pair_names,
)
from core.names.reading cimport NameShape, ReadName, name_text_into, read_name
from core.names.score_curve cimport SCORE_COUNT, SCORE_KNOTS, SCORE_VALUES
from core.names.tokens cimport TERMS_MAX, TokenForm, compare_tokens, form_token, token_terms
from core.names.weights cimport *


cdef enum:
    NAMES_MOST = 64           # names of one person that are compared

POPULATION = 128
TOKEN_KINDS = (
    "none", "exact", "phonetic", "lost", "joined", "abbreviation", "transliterated", "ocr", "edit", "phonetic edit", "nickname", "ending",
    "two edits", "short edit", "pet name", "initial", "a short", "b short", "alike", "a begins", "a ends", "b begins", "b ends",
)

# The differences that `Comparison.counts` tells, in the order of core/names/pairing.pxd.
DIFFERENCES = (
    *TOKEN_KINDS[:19], "crossed", "crossed, roles guessed", "married surname for a surname",
    "given name left: asked", "given name left: on file", "given name left on both", "no given name pairs",
    "surname left: asked", "surname left: on file", "surname left on both", "no surname pairs",
    "word left: asked", "word left: on file", "married surname left: asked", "married surname left: on file",
    "first surname left: asked", "first surname left: on file", "initial left", "surnames turned", "given names turned",
    "one pair at most", "two pairs at most", "three pairs at most", "foreign pairs but one", "anything left", "a pair unequal",
    "tenths untold: asked", "tenths untold: on file", "given names left on both are known", "surnames left on both are known",
)

# ---- evidence


cdef int32_t[BIRTH_GRADES] BIRTH_EVIDENCE


cdef void fill_birth_evidence() noexcept:
    BIRTH_EVIDENCE[:] = [
        0, BIRTH_EQUAL, BIRTH_SWAPPED, BIRTH_YEAR_OFF, BIRTH_CENTURY, BIRTH_DAYS, BIRTH_DIGIT, BIRTH_DIGITS_SWAPPED,
        BIRTH_DAY_ALONE, BIRTH_YEAR_ALONE, BIRTH_DECADE, BIRTH_ELSE, BIRTH_MONTH_KNOWN, BIRTH_YEAR_KNOWN, BIRTH_YEAR_NEAR,
        BIRTH_PART_DIFFERS, BIRTH_PART_DECADE, BIRTH_PART_ELSE,
    ]


fill_birth_evidence()


cdef int32_t birth_evidence(PartialBirth a, PartialBirth b, uint8_t* agreement) noexcept nogil:
    agreement[0] = <uint8_t>birth_dates_agreement(a.year, a.month, a.day, b.year, b.month, b.day)
    return BIRTH_EVIDENCE[birth_grade(a.year, a.month, a.day, b.year, b.month, b.day)]


cdef int32_t sex_evidence(uint8_t a, uint8_t b, uint8_t* agreement) noexcept nogil:
    if a == 0 or b == 0:
        agreement[0] = AGREEMENT_UNKNOWN
        return 0
    agreement[0] = AGREEMENT_AGREES if a == b else AGREEMENT_DISAGREES
    return SEX_SAME if a == b else SEX_DIFFERS


cdef int32_t department_evidence(int32_t a, int32_t b, uint8_t* agreement) noexcept nogil:
    agreement[0] = AGREEMENT_AGREES if a & b else AGREEMENT_UNKNOWN
    if a == 0 or b == 0:
        return 0
    return DEPARTMENT_SAME if a & b else DEPARTMENT_DIFFERS


cdef int32_t municipality_evidence(uint16_t a, uint16_t b) noexcept nogil:
    return MUNICIPALITY_SAME if a and a == b else 0


cdef int32_t parents_evidence(uint8_t agreement) noexcept nogil:
    if agreement == AGREEMENT_AGREES:
        return PARENTS_AGREE
    return PARENTS_DISAGREE if agreement == AGREEMENT_DISAGREES else 0


cdef int32_t prior_bits(double population) noexcept nogil:
    return <int32_t>floor(100 * log2(population if population > 1 else 1) + 0.5)


cdef double match_probability(int32_t evidence, int32_t prior) noexcept nogil:
    cdef int32_t above = evidence - prior
    cdef int i = 1
    cdef double bits
    while i < SCORE_COUNT - 1 and above >= SCORE_KNOTS[i]:
        i += 1
    bits = SCORE_VALUES[i - 1] + <double>(above - SCORE_KNOTS[i - 1]) * (SCORE_VALUES[i] - SCORE_VALUES[i - 1]) / (
        SCORE_KNOTS[i] - SCORE_KNOTS[i - 1])
    return 1 / (1 + exp(-bits / 100 * 0.6931471805599453))


# ---- names for Python


cdef bytes utf8(object text):
    if isinstance(text, str):
        return (<str>text).encode("utf-8", "surrogatepass")
    if isinstance(text, bytes):
        return text
    raise TypeError(f"a name is str or bytes, not {type(text).__name__}")


def name_text(
    given: str | bytes = "", surnames: str | bytes = "", married: str | bytes = "", full: str | bytes = ""
) -> bytes:
    """The stored form of a name, UTF-8: its parts, parted by 0x1F; `full` when they hold no token."""
    cdef bytes a = utf8(given), b = utf8(surnames), c = utf8(married), d = utf8(full)
    cdef const char* parts[6]
    cdef size_t lengths[6]
    memset(lengths, 0, sizeof(lengths))
    for i in range(6):
        parts[i] = b""
    parts[0], parts[3], parts[5] = PyBytes_AS_STRING(a), PyBytes_AS_STRING(b), PyBytes_AS_STRING(c)
    lengths[0], lengths[3], lengths[5] = PyBytes_GET_SIZE(a), PyBytes_GET_SIZE(b), PyBytes_GET_SIZE(c)
    cdef size_t cap = lengths[0] + lengths[3] + lengths[5] + PyBytes_GET_SIZE(d) + 8
    cdef char* out = <char*>malloc(cap)
    cdef int n
    if out == NULL:
        raise MemoryError
    try:
        n = name_text_into(parts, lengths, PyBytes_AS_STRING(d), PyBytes_GET_SIZE(d), out, cap)
        return out[:n]
    finally:
        free(out)


def compare_texts(a: str | bytes, b: str | bytes) -> int:
    """ronda.v1 Agreement of two names, stored or plain: 1 AGREES, 2 DISAGREES, 3 UNKNOWN."""
    cdef bytes left = utf8(a), right = utf8(b)
    return compare_name_texts(PyBytes_AS_STRING(left), PyBytes_GET_SIZE(left), PyBytes_AS_STRING(right), PyBytes_GET_SIZE(right))


cdef str text_of(const TokenForm* form):
    return (<const char*>form.letters)[:form.length].decode("latin-1").replace("?", "\ufffd")


cdef int one_token(object text, TokenForm* out) except -1:
    cdef FoldedName name
    cdef bytes data = utf8(text)
    fold_name(<const unsigned char*>PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data), &name)
    if name.count != 1:
        raise ValueError("a token of a name is one word of letters")
    form_token(name.letters[0], name.length[0], out)
    return 0


def token_kind(a: str, b: str) -> str:
    """Returns how two tokens go together, a value of TOKEN_KINDS. Raises ValueError for more or less than one.
    """
    cdef TokenForm left, right
    one_token(a, &left)
    one_token(b, &right)
    return TOKEN_KINDS[compare_tokens(&left, &right)]


def terms(token: str) -> frozenset[int]:
    """The index terms of a token: tokens that go together share one, but for the exceptions in core/names/tokens.pxd."""
    cdef TokenForm form
    cdef unsigned long long[TERMS_MAX] out
    one_token(token, &form)
    cdef int i, n = token_terms(&form, <uint64_t*>out)
    return frozenset(out[i] for i in range(n))


# ---- persons


cdef object field(object source, str name):
    if isinstance(source, dict):
        return source.get(name)
    return getattr(source, name, None)


cdef bytes stored(object name):
    """One name as stored bytes: text, or a dict or object with given, surnames and married, or with full."""
    if isinstance(name, (str, bytes)):
        return utf8(name)
    return name_text(field(name, "given") or "", field(name, "surnames") or "", field(name, "married") or "", field(name, "full") or "")


cdef int read_birth(object value, PartialBirth* out) except -1:
    cdef int year, month, day
    if isinstance(value, str):
        value = [int(part) for part in value.split("-")]
    elif hasattr(value, "year"):
        value = (value.year, value.month, value.day)
    year, month, day = (*value, 0, 0)[:3]
    if partial_date_problem(year, month, day):
        raise ValueError("birth must be year, month and day, each 0 where unknown")
    out.year, out.month, out.day = year, month, day
    return 0


cdef list listed(object value, bint single):
    if value is None:
        return []
    return [value] if single else list(value)


cdef class Person:
    """The stated facts of a person, read once for many comparisons.

    names: a text, a dict (given, surnames, married; or full), or a list of them: the best counts. birth: (year, month,
    day) with 0 for an unknown part, "YYYY-MM-DD", a date, or a list of them: the best counts. sex: ronda.v1 Sex (1
    female, 2 male), 0 unknown. department: INE 1 to 22, or several (birth, residence). municipality: INE code. father,
    mother: names. Raises ValueError or TypeError for anything else.
    """

    cdef ReadName* names
    cdef int n_names
    cdef list births
    cdef uint8_t sex
    cdef int32_t departments
    cdef uint16_t municipality
    cdef bytes father
    cdef bytes mother

    def __cinit__(self, *, names=None, birth=None, int sex=0, department=None, int municipality=0, father="", mother=""):
        cdef bytes text
        cdef int number
        single = names is None or isinstance(names, (str, bytes, dict)) or hasattr(names, "given")
        texts = [stored(name) for name in listed(names, single)]
        if len(texts) > NAMES_MOST:
            raise ValueError(f"a person has at most {NAMES_MOST} names")
        if not 0 <= sex <= 2:
            raise ValueError("sex must be 0, 1 or 2")
        if not 0 <= municipality <= 9999:
            raise ValueError("municipality must be an INE code of four digits")
        self.names = <ReadName*>malloc(max(1, len(texts)) * sizeof(ReadName))
        if self.names == NULL:
            raise MemoryError
        for text in texts:
            if read_name(PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text), NULL, &self.names[self.n_names].shape,
                         self.names[self.n_names].forms):
                self.n_names += 1
        self.births = []
        dated = birth is None or isinstance(birth, str) or hasattr(birth, "year") or isinstance(birth[0], int)
        for one in listed(birth, dated):
            self._add_birth(one)
        self.sex = sex
        self.departments = 0
        for value in listed(department, isinstance(department, int)):
            number = value
            if not 0 <= number <= 22:
                raise ValueError("department must be an INE number, 1 to 22")
            if number:
                self.departments |= 1 << number
        self.municipality = municipality
        self.father, self.mother = utf8(father or ""), utf8(mother or "")

    def __dealloc__(self):
        free(self.names)

    cdef int _add_birth(self, object value) except -1:
        cdef PartialBirth birth
        read_birth(value, &birth)
        if birth.year:
            self.births.append((birth.year, birth.month, birth.day))
        return 0


cdef Person person_of(object source):
    if isinstance(source, Person):
        return source
    names = field(source, "names")
    if names is None and (field(source, "given") or field(source, "surnames")):
        names = source
    return Person(
        names=names,
        birth=field(source, "birth"),
        sex=field(source, "sex") or 0,
        department=field(source, "department"),
        municipality=field(source, "municipality") or 0,
        father=field(source, "father") or "",
        mother=field(source, "mother") or "",
    )


cdef class Comparison:
    """Outcome of a comparison.

    score: 0..1. evidence: bits, before the prior. names, birth, sex, parents, department: ronda.v1 Agreement, 1 AGREES,
    2 DISAGREES, 3 UNKNOWN.
    """

    cdef readonly double score
    cdef readonly double evidence
    cdef readonly int names
    cdef readonly int birth
    cdef readonly int sex
    cdef readonly int parents
    cdef readonly int department
    cdef NamePairing pairing
    cdef int32_t dated          # evidence of names with equal birth dates, the best
    cdef bint same_day
    cdef NameCounts differences
    cdef Person a
    cdef Person b
    cdef int name_a
    cdef int name_b

    @property
    def pairs(self) -> list[tuple[str, str, str, float]]:
        """(token of a, token of b, kind, built-in bits of the token) of the names that compared best."""
        found = []
        cdef ReadName* left
        cdef ReadName* right
        cdef int i, j
        if self.name_a < 0:
            return found
        left, right = &self.a.names[self.name_a], &self.b.names[self.name_b]
        for i in range(left.shape.count):
            j = self.pairing.partner[i]
            if j >= 0:
                bits = min(left.shape.tokens[i].bits, right.shape.tokens[j].bits) / 100
                found.append((text_of(&left.forms[i]), text_of(&right.forms[j]), TOKEN_KINDS[self.pairing.kind[i]], bits))
        return found

    @property
    def names_evidence(self) -> float:
        """The part of the evidence that comes from the names, bits."""
        return (self.dated if self.same_day else self.pairing.evidence) / 100 if self.name_a >= 0 else 0.0

    @property
    def told(self) -> tuple[float, float]:
        """Bits that the pairs of the names that compared best tell, and of these the bits of pairs with a surname in them."""
        return (self.differences.told / 100, self.differences.told_surnames / 100) if self.name_a >= 0 else (0.0, 0.0)

    @property
    def counts(self) -> dict[str, int]:
        """The number of each of DIFFERENCES in the names that compared best; those not found are left out."""
        cdef int i
        if self.name_a < 0:
            return {}
        return {DIFFERENCES[i]: self.differences.of[i] for i in range(COUNTS) if self.differences.of[i]}

    def __repr__(self) -> str:
        return f"Comparison(score={self.score:.4f}, evidence={self.evidence:.2f})"


cdef void use_frequencies(NameFrequencies frequencies, NameShape* shape, const TokenForm* forms) noexcept:
    cdef int i
    for i in range(shape.count):
        shape.tokens[i].bits = token_bits(&frequencies.table, forms[i].phonetic, forms[i].phonetic_length)


cdef uint8_t compare_parents(Person a, Person b):
    cdef uint8_t father = AGREEMENT_UNKNOWN, mother = AGREEMENT_UNKNOWN
    if a.father and b.father:
        father = compare_name_texts(PyBytes_AS_STRING(a.father), PyBytes_GET_SIZE(a.father),
                                    PyBytes_AS_STRING(b.father), PyBytes_GET_SIZE(b.father))
    if a.mother and b.mother:
        mother = compare_name_texts(PyBytes_AS_STRING(a.mother), PyBytes_GET_SIZE(a.mother),
                                    PyBytes_AS_STRING(b.mother), PyBytes_GET_SIZE(b.mother))
    if father == AGREEMENT_DISAGREES or mother == AGREEMENT_DISAGREES:
        return AGREEMENT_DISAGREES
    if father == AGREEMENT_AGREES or mother == AGREEMENT_AGREES:
        return AGREEMENT_AGREES
    return AGREEMENT_UNKNOWN


cdef int32_t compare_names(Person a, Person b, NameFrequencies frequencies, Comparison out):
    """Evidence of the names that compare best; 0 where one side has none."""
    cdef NameShape left, right
    cdef KindMatrix kinds
    cdef NamePairing pairing
    cdef NameCounts counts
    cdef uint8_t agreement = 0
    cdef int i, j
    for i in range(a.n_names):
        left = a.names[i].shape
        if frequencies is not None:
            use_frequencies(frequencies, &left, a.names[i].forms)
        for j in range(b.n_names):
            right = b.names[j].shape
            if frequencies is not None:
                use_frequencies(frequencies, &right, b.names[j].forms)
            fill_kinds(&left, a.names[i].forms, &right, b.names[j].forms, &kinds)
            pair_names(&left, &right, &kinds, &pairing, &counts)
            agreement = better(agreement, pairing.agreement)
            out.dated = pairing.dated if out.name_a < 0 else max(out.dated, pairing.dated)
            if out.name_a < 0 or pairing.evidence > out.pairing.evidence:
                out.pairing, out.name_a, out.name_b, out.differences = pairing, i, j, counts
    out.names = agreement or AGREEMENT_UNKNOWN
    return out.pairing.evidence if out.name_a >= 0 else 0


cdef int32_t compare_births(Person a, Person b, Comparison out):
    cdef PartialBirth left, right
    cdef uint8_t agreement, best_agreement = 0
    cdef int32_t evidence, best = 0
    for one in a.births:
        left.year, left.month, left.day = one
        for other in b.births:
            right.year, right.month, right.day = other
            evidence = birth_evidence(left, right, &agreement)
            best = max(best, evidence) if best_agreement else evidence
            out.same_day = out.same_day or is_same_day(left, evidence)
            best_agreement = better(best_agreement, agreement)
    out.birth = best_agreement or AGREEMENT_UNKNOWN
    return best


def compare(
    person_a: object, person_b: object, *, frequencies: NameFrequencies | None = None, population: float = 128.0
) -> Comparison:
    """Compares two persons: Person, or a dict or object with its fields.

    frequencies: how common tokens are (None: a built-in table). population: persons that a was drawn from, at least 1.
    """
    cdef Person a = person_of(person_a), b = person_of(person_b)
    cdef Comparison out = Comparison.__new__(Comparison)
    cdef uint8_t agreement
    cdef int32_t evidence, birth
    if not population >= 1:
        raise ValueError("population must be at least 1")
    out.a, out.b, out.name_a = a, b, -1
    evidence = compare_names(a, b, frequencies, out)
    birth = compare_births(a, b, out)
    evidence = birth + (out.dated if out.same_day else evidence)
    evidence += sex_evidence(a.sex, b.sex, &agreement)
    out.sex = agreement
    evidence += department_evidence(a.departments, b.departments, &agreement)
    out.department = agreement
    evidence += municipality_evidence(a.municipality, b.municipality)
    agreement = compare_parents(a, b)
    out.parents = agreement
    evidence += parents_evidence(agreement)
    out.evidence = evidence / 100
    out.score = match_probability(evidence, prior_bits(population))
    return out


def similarity(a: str | bytes, b: str | bytes) -> float:
    """Returns the score 0..1 of two names alone, as `compare` does for two persons without other facts; 0 if one has no
    letter."""
    cdef bytes left = utf8(a), right = utf8(b)
    cdef ReadName first, second
    cdef KindMatrix kinds
    cdef NamePairing pairing
    read_name(PyBytes_AS_STRING(left), PyBytes_GET_SIZE(left), NULL, &first.shape, first.forms)
    read_name(PyBytes_AS_STRING(right), PyBytes_GET_SIZE(right), NULL, &second.shape, second.forms)
    if first.shape.count == 0 or second.shape.count == 0:
        return 0.0
    fill_kinds(&first.shape, first.forms, &second.shape, second.forms, &kinds)
    pair_names(&first.shape, &second.shape, &kinds, &pairing, NULL)
    return match_probability(pairing.evidence, prior_bits(POPULATION))
