"""Finds the persons that a record may mean, for many records at once: linking's questions to names.bin."""

from array import array

from libc.math cimport floor
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memset

from core.contract.level cimport AGREEMENT_AGREES, AGREEMENT_DISAGREES, AGREEMENT_UNKNOWN
from core.files.layout cimport HEADER_SIZE
from core.linking.index cimport NameIndex
from core.machine.arrow cimport Column, RecordColumns, byte_at, int8_or, int16_or, is_null, text_at
from core.machine.prefetch cimport prefetch
from core.name_index.expansion cimport evidence_for, held_place, query_begin
from core.name_index.query cimport (
    FOUND_BIRTH, FOUND_COVERED, FOUND_FAR, NAMES_MEMORY, NAMES_TOO_BROAD, YEARS_ALL, YEARS_NEAR, NameFound, NameQuery, NameQuestion,
)
from core.name_index.scoring cimport score_ordinal
from core.name_index.search cimport find_names_again
from core.name_index.sweep cimport Plan, Sweep, SweptOrdinal, sweep_add, sweep_free, sweep_new, sweep_reset, sweep_run
from core.names.comparison cimport match_probability, prior_bits
from core.names.reading cimport read_name
from core.names.tokens cimport KIND_B_ENDS, is_begin_of_a
from core.names.weights cimport SEX_DIFFERS, SEX_SAME
from core.wire cimport Buffer, buffer_free, buffer_init, buffer_reset, put_raw

from core.linking import index as name_index


cdef enum:
    AHEAD = 32                   # candidates with rows that are fetched ahead
    COLUMNS = 10
    FURTHER_MOST = 160           # by how much a birth date that counts once may cost less, hundredths of a bit

ALERT_SCORE = 0.4                # docs/answers.md section 5
POPULATION_LEAST = 45000         # for one that disagrees: in a smaller file the person meant is likely not on file
cdef double _alert_score = ALERT_SCORE
cdef uint32_t _population_least = POPULATION_LEAST


cdef int32_t _counted_once(const NameFound* found) noexcept nogil:
    """The evidence where a birth date tells what it was estimated to: of records it counts no more (docs/names.md, "What alerts")."""
    cdef int32_t sex = 0 if found.sex == AGREEMENT_UNKNOWN else SEX_DIFFERS if found.sex == AGREEMENT_DISAGREES else SEX_SAME
    cdef int32_t birth = found.evidence - found.names_evidence - found.dated_more - sex
    return found.evidence - birth + <int32_t>floor(birth * 5 / 6.0 + 0.5)


cdef bint _is_for_sweep(const NameQuery* query) noexcept nogil:
    """Returns whether a search might miss names that agree.

    It sees no initials on file, and counts a token that is two there once.
    """
    cdef int i
    cdef uint8_t kind
    if query.initials:
        return True
    for i in range(query.n_lists):
        kind = query.kinds[held_place(query, query.lists[i].token)][query.lists[i].asked]
        if is_begin_of_a(kind) or kind == KIND_B_ENDS:
            return True
    return False


cdef class NameSweep:
    """See core/linking/sweep.pyi."""

    cdef NameIndex index
    cdef Sweep* sweep
    cdef Buffer out[COLUMNS]
    cdef Buffer first            # by plan: where its candidates start in `ordered`; one more for the end
    cdef Buffer ordered          # ordinals by plan
    cdef bint holding            # a name that holds all that was asked is put, too

    def __cinit__(self, NameIndex index not None):
        cdef int column
        self.index = index
        self.sweep = sweep_new(&index.file)
        for column in range(COLUMNS):
            buffer_init(&self.out[column])
        buffer_init(&self.first)
        buffer_init(&self.ordered)
        if self.sweep == NULL:
            raise MemoryError

    def __dealloc__(self):
        cdef int column
        sweep_free(self.sweep)
        for column in range(COLUMNS):
            buffer_free(&self.out[column])
        buffer_free(&self.first)
        buffer_free(&self.ordered)

    cdef void _read(self, const Column* columns, int64_t row, NameQuestion* question) noexcept nogil:
        cdef uint32_t length
        cdef const uint8_t* text = text_at(&columns[0], row, &length)
        memset(question, 0, sizeof(NameQuestion))
        read_name(<const char*>text, length, NULL, &question.shape, question.forms)
        question.birth.year = <uint16_t>int16_or(&columns[1], row, 0)
        question.birth.month = <uint8_t>int8_or(&columns[2], row, 0)
        question.birth.day = <uint8_t>int8_or(&columns[3], row, 0)
        question.sex = 0 if is_null(&columns[4], row) else byte_at(&columns[4], row)
        question.possible = _alert_score
        question.exhaustive = True
        question.further = FURTHER_MOST

    cdef inline bint _holds_all(self, const NameFound* found) noexcept nogil:
        return (self.holding and found.flags & FOUND_COVERED != 0 and self.index.query.question.shape.count > 1
                and found.birth != AGREEMENT_DISAGREES)

    cdef inline bint _holds_born(self, const NameFound* found) noexcept nogil:
        """A name on file holds all that was asked, two words or more, and the birth date is the asked one."""
        return (found.flags & FOUND_COVERED != 0 and self.index.query.question.shape.count > 1
                and found.birth == AGREEMENT_AGREES and found.sex != AGREEMENT_DISAGREES)

    cdef bint _put(self, uint32_t row, const NameFound* found, bint agreeing, bint near) noexcept nogil:
        """Puts a person that reaches the alert score, or agrees in names without disagreeing in the birth date.

        The alert score counts if both sides have years of birth, or none is asked. A person that disagrees needs the
        score among POPULATION_LEAST at least.
        """
        cdef bint dated = self.index.query.question.birth.year != 0
        cdef bint disagrees = AGREEMENT_DISAGREES in (found.names, found.birth)
        cdef int32_t prior = max(self.index.query.prior, prior_bits(_population_least)) if disagrees else self.index.query.prior
        cdef int32_t evidence = _counted_once(found)
        cdef uint8_t alerts = ((not dated or found.flags & FOUND_BIRTH != 0)
                               and evidence >= (evidence_for(_alert_score, prior) if disagrees else self.index.query.enough))
        cdef uint8_t years = 0 if not found.flags & FOUND_BIRTH else 2 if found.flags & FOUND_FAR else 1
        cdef uint8_t holds = self._holds_born(found)
        cdef double score
        if found.names == AGREEMENT_AGREES and found.birth != AGREEMENT_DISAGREES:
            if not agreeing:
                return False
        elif not self._holds_all(found) and not holds and (not near or not alerts):
            return False
        score = match_probability(evidence, prior)
        put_raw(&self.out[0], &row, 4)
        put_raw(&self.out[1], &found.entity, 4)
        put_raw(&self.out[2], &evidence, 4)
        put_raw(&self.out[3], &score, 8)
        put_raw(&self.out[4], &found.birth, 1)
        put_raw(&self.out[5], &found.sex, 1)
        put_raw(&self.out[6], &found.names, 1)
        put_raw(&self.out[7], &alerts, 1)
        put_raw(&self.out[8], &years, 1)
        put_raw(&self.out[9], &holds, 1)
        return True

    cdef int _score(self, const Column* columns) noexcept nogil:
        """Scores the candidates of a sweep, a question at a time."""
        cdef const SweptOrdinal* found = <const SweptOrdinal*>self.sweep.found.data
        cdef size_t n = self.sweep.found.size // sizeof(SweptOrdinal), i, _
        cdef uint32_t n_plans = <uint32_t>(self.sweep.plans.size // sizeof(Plan)), number, row, place, total = 0
        cdef uint32_t* first
        cdef uint32_t* ordered
        cdef NameQuestion question
        cdef NameFound person
        cdef int status
        buffer_reset(&self.first)
        buffer_reset(&self.ordered)
        for _ in range(<size_t>n_plans + 1):
            put_raw(&self.first, &total, 4)
        for _ in range(n):
            put_raw(&self.ordered, &total, 4)
        if self.first.failed or self.ordered.failed:
            return NAMES_MEMORY
        first = <uint32_t*>self.first.data
        ordered = <uint32_t*>self.ordered.data
        for i in range(n):
            first[found[i].plan + 1] += 1
        for number in range(n_plans):
            first[number + 1] += first[number]
        for i in range(n):           # afterwards first[p] is where p's candidates end
            place = first[found[i].plan]
            ordered[place] = found[i].ordinal
            first[found[i].plan] = place + 1
        place = 0
        for number in range(n_plans):
            if place < first[number]:
                row = (<const Plan*>self.sweep.plans.data)[number].row
                self._read(columns, row, &question)
                status = query_begin(self.index.query, &self.index.file, &question)
                if status < 0:
                    return status
            while place < first[number]:
                if place + AHEAD < n:
                    prefetch(&self.index.file.rows_at[ordered[place + AHEAD]])
                if place + AHEAD // 2 < n:
                    prefetch(self.index.file.data + HEADER_SIZE + 2 * <uint64_t>self.index.file.rows_at[
                        ordered[place + AHEAD // 2]])
                status = score_ordinal(self.index.query, ordered[place], &person)
                if status < 0:
                    return status
                if status:
                    self._put(row, &person, True, False)
                place += 1
        return 0

    cdef int _look(self, uint32_t row, bint swept, bint far) noexcept nogil:
        """Puts those of the asked years, or only those of the far ones. Returns NAMES_*, 1 or 0.

        1: a person of compared years disagrees in nothing.
        """
        cdef const NameFound* found
        cdef size_t i
        cdef int dated = 0
        cdef int status = find_names_again(self.index.query)
        if status < 0:
            return status
        if status == NAMES_TOO_BROAD:
            return 0
        for i in range(self.index.query.n_found):
            found = &self.index.query.found[i]
            if far and not found.flags & FOUND_FAR:
                continue
            if (self._put(row, found, not swept, True) and found.flags & FOUND_BIRTH
                    and AGREEMENT_DISAGREES not in (found.birth, found.names)):
                dated = 1
        return dated

    cdef int _find(self, const Column* columns, int64_t rows) noexcept nogil:
        cdef NameQuestion question
        cdef int64_t row = 0
        cdef int status
        cdef bint swept
        sweep_reset(self.sweep)
        while row < rows:
            self._read(columns, row, &question)
            status = query_begin(self.index.query, &self.index.file, &question)
            if status < 0:
                return status
            swept = question.birth.year == 0 or _is_for_sweep(self.index.query)
            if swept:
                status = sweep_add(self.sweep, self.index.query, <uint32_t>row, self.holding)
                if status < 0:
                    return status
                if status == 0:      # full
                    status = self._finish(columns)
                    if status < 0:
                        return status
                    continue
            if question.birth.year:  # few persons are of these years
                question.years = YEARS_NEAR
                status = self._look(<uint32_t>row, swept, False)
                if status == 0:
                    question.years = YEARS_ALL
                    status = self._look(<uint32_t>row, swept, True)
                if status < 0:
                    return status
            row += 1
        return self._finish(columns)

    cdef int _finish(self, const Column* columns) noexcept nogil:
        cdef int status = 1, scored
        while status == 1:
            status = sweep_run(self.sweep)
            if status < 0:
                return status
            scored = self._score(columns)
            if scored < 0:
                return scored
            buffer_reset(&self.sweep.found)
        sweep_reset(self.sweep)
        return 0

    def fitting(self, batch, bint holding_all=False):
        cdef RecordColumns rows = RecordColumns(batch, name_index.ASKED_FIELDS)
        cdef int status, column
        for column in range(COLUMNS):
            buffer_reset(&self.out[column])
        self.holding = holding_all
        with nogil:
            status = self._find(rows.columns, rows.rows)
        self.index.check_status(status)
        result = {}
        for column, (name, code) in enumerate((("row", "I"), ("entity", "I"), ("evidence", "i"), ("score", "d"),
                                               ("birth", "B"), ("sex", "B"), ("names", "B"), ("alerts", "B"),
                                               ("years", "B"), ("holds", "B"))):
            if self.out[column].failed:
                raise MemoryError
            result[name] = array(code, (<char*>self.out[column].data)[:self.out[column].size] if self.out[column].size else b"")
        return result
