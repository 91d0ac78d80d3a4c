"""names.bin from Python: building it outside a generation, and asking it without the engine."""

import mmap
from pathlib import Path

from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memset

from core.machine.arrow cimport Column, RecordColumns, byte_at, int8_or, int16_or, is_null, text_at, uint32_or
from core.errors import GenerationDamaged
from core.contract.section cimport SECTION_IDENTITY, SENSITIVITY_OPEN
from core.generation.store cimport Generation
from core.names.comparison cimport match_probability
from core.names.reading cimport ReadName, read_name
from core.names.frequencies import NameFrequencies
from core.name_index.expansion cimport alert_evidence, query_free, query_new
from core.name_index.file cimport (
    FIRST_TOKEN, ListCursor, list_bits, list_open, names_close, names_open, names_whole, ordinal_entity, token_find,
)
from core.name_index.holders cimport look_at_holders
from core.name_index.query cimport NAMES_DAMAGED, NAMES_MEMORY, NAMES_TOO_BROAD, NameFound, NameQuestion
from core.name_index.search cimport find_names, rank_found
from core.linking.types import NameMatch, NameSearch
from core.name_index.writer cimport NameClaim, NamesWriter, municipality_of_cui
from core.names.keys import fold, phonetic_key


POSSIBLE_SCORE = 0.05
CLAIM_FIELDS = [
    ("entity", "I"), ("name_text", "u"), ("birth_year", "s"), ("birth_month", "c"), ("birth_mday", "c"), ("sex", "C"),
    ("birth_department", "C"), ("residence_department", "C"), ("cui", "u"), ("death_day", "i"),
]
ASKED_FIELDS = [
    ("name_text", "u"), ("birth_year", "s"), ("birth_month", "c"), ("birth_mday", "c"), ("sex", "C"),
]


def name_roles(text):
    """Tokens of a name and their roles (core/names/reading.pxd)."""
    cdef bytes data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    cdef ReadName name
    cdef int i
    read_name(PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data), NULL, &name.shape, name.forms)
    return [((<bytes>name.forms[i].letters[:name.forms[i].length]).decode("latin-1").replace("?", "\ufffd"), name.shape.tokens[i].role)
            for i in range(name.shape.count)]


def build_names(path, batches, *, uint64_t build=0):
    cdef NamesWriter writer = NamesWriter(path, build)
    cdef int64_t open_entity = -1
    try:
        for batch in batches:
            open_entity = _add_claims(writer, RecordColumns(batch, CLAIM_FIELDS), open_entity)
            if open_entity == -2:
                raise ValueError("rows are not in order of entity")
            writer.flush()
        if open_entity >= 0:
            writer.end()
        return writer.finish()
    except BaseException:
        writer.abandon()
        raise


cdef int64_t _add_claims(NamesWriter writer, RecordColumns batch, int64_t open_entity):
    """Adds rows; returns the entity that is still open (-1 none), or -2 = out of order."""
    cdef const Column* columns = batch.columns
    cdef NameClaim claim
    cdef const uint8_t* cui
    cdef int64_t row, entity
    cdef uint32_t length
    memset(&claim, 0, sizeof(claim))
    claim.section = SECTION_IDENTITY
    claim.sensitivity = SENSITIVITY_OPEN
    claim.identity = True
    with nogil:
        for row in range(batch.rows):
            entity = uint32_or(&columns[0], row, 0)
            if entity < open_entity:
                return -2
            claim.name = <const char*>text_at(&columns[1], row, &length)
            claim.name_length = length
            claim.birth_year = <uint16_t>int16_or(&columns[2], row, 0)
            claim.birth_month = <uint8_t>int8_or(&columns[3], row, 0)
            claim.birth_mday = <uint8_t>int8_or(&columns[4], row, 0)
            claim.sex = 0 if is_null(&columns[5], row) else byte_at(&columns[5], row)
            claim.birth_department = 0 if is_null(&columns[6], row) else byte_at(&columns[6], row)
            claim.residence_department = 0 if is_null(&columns[7], row) else byte_at(&columns[7], row)
            cui = text_at(&columns[8], row, &length)
            claim.municipality = municipality_of_cui(cui, length)
            claim.dead = not is_null(&columns[9], row)
            while open_entity != entity:
                if open_entity >= 0:
                    writer.end()
                open_entity += 1
                writer.begin(claim.birth_year if open_entity == entity else 0)
            writer.add(&claim)
    return open_entity


cdef class NameIndex:
    def __cinit__(self):
        self.query = query_new()
        if self.query == NULL:
            raise MemoryError

    def __dealloc__(self):
        query_free(self.query)
        if self.own:
            names_close(&self.file)

    def __init__(self, source):
        cdef Py_buffer buffer
        cdef const char* why
        if isinstance(source, Generation):
            self.kept = source
            self.file = (<Generation>source).store.names
            return
        path = Path(source)
        with path.open("rb") as file:
            if path.stat().st_size == 0:
                raise GenerationDamaged(path.name, "too short to be one")
            self.kept = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        PyObject_GetBuffer(self.kept, &buffer, PyBUF_SIMPLE)
        why = names_open(&self.file, <const uint8_t*>buffer.buf, buffer.len)
        PyBuffer_Release(&buffer)  # the mapping lives as long as this object, which nothing else can close
        if why != NULL:
            raise GenerationDamaged(path.name, why.decode())
        self.own = True

    @property
    def population(self):
        return max(1, self.file.tables.population)

    @property
    def tokens(self):
        return self.file.tables.n_tokens - FIRST_TOKEN

    @property
    def entities(self):
        return self.file.tables.n_entities

    @property
    def strays(self):
        return self.file.tables.n_strays

    def counts(self):
        cdef uint32_t id
        found = {}
        for id in range(FIRST_TOKEN, self.file.tables.n_tokens):
            if self.file.tokens[id].persons:
                text = self.file.texts[self.file.tokens[id].text:self.file.tokens[id].text + self.file.tokens[id].text_length]
                found[phonetic_key((<bytes>text).decode("latin-1").replace("?", "\ufffd"))] = self.file.tokens[id].persons
        return found

    @property
    def frequencies(self):
        return NameFrequencies(self.counts(), self.population)

    def token_entities(self, str token):
        cdef bytes letters = fold(token).encode("latin-1")
        cdef uint32_t id = token_find(&self.file, <const uint8_t*>PyBytes_AS_STRING(letters), PyBytes_GET_SIZE(letters))
        cdef ListCursor cursor
        cdef uint32_t words = (self.file.n_ordinals + 63) // 64, w, b
        cdef uint64_t* bits
        if not id:
            return []
        bits = <uint64_t*>malloc(max(words, <uint32_t>1) * 8)
        if bits == NULL:
            raise MemoryError
        try:
            memset(bits, 0, words * 8)
            if list_open(&self.file, id, &cursor) < 0 or list_bits(&self.file, &cursor, 0, words * 64, bits) < 0:
                raise GenerationDamaged("names.bin", "a list is damaged")
            return sorted(ordinal_entity(&self.file, 64 * w + b) for w in range(words) if bits[w]
                          for b in range(64) if bits[w] >> b & 1)
        finally:
            free(bits)

    def search(self, names, *, birth=(0, 0, 0), int sex=0, int year_from=0, int year_to=0, int department=0, int municipality=0,
               double possible=POSSIBLE_SCORE, bint filling=False, int limit=20, visible=None):
        cdef bytes text = names.encode("utf-8", "surrogatepass") if isinstance(names, str) else names
        cdef const char* data = PyBytes_AS_STRING(text)
        cdef size_t size = PyBytes_GET_SIZE(text), i
        cdef NameQuestion question
        cdef const NameFound* found
        cdef uint8_t classes[256]
        cdef int status
        memset(&question, 0, sizeof(question))
        question.birth.year, question.birth.month, question.birth.day = birth
        question.sex = sex
        question.year_from = year_from
        question.year_to = year_to
        question.department = department
        question.municipality = municipality
        question.possible = possible
        question.filling = filling
        if visible is not None:
            for i in range(self.file.tables.n_classes):
                classes[i] = (self.file.classes[2 * i], self.file.classes[2 * i + 1]) in visible
            question.visible = classes
            question.all_years = (SECTION_IDENTITY, SENSITIVITY_OPEN) not in visible
        with nogil:
            read_name(data, size, NULL, &question.shape, question.forms)
            status = find_names(self.query, &self.file, &question)
            if status == 0 and filling:
                status = look_at_holders(self.query, max(0, limit), 0)
            if status == 0:
                rank_found(self.query, max(0, limit))
        self.check_status(status)
        matches = []
        if status == 0:
            for i in range(min(self.query.n_found, <size_t>max(0, limit))):
                found = &self.query.found[i]
                matches.append(NameMatch(found.entity, match_probability(found.evidence, self.query.prior), found.evidence / 100,
                                         found.names, found.birth, found.sex, found.evidence >= alert_evidence(self.query)))
        return NameSearch(matches, self.query.candidates if status == NAMES_TOO_BROAD else self.query.n_found,
                          status == NAMES_TOO_BROAD, self.query.candidates, self.query.looked)

    cdef int check_status(self, int status) except -1:
        if status == NAMES_DAMAGED:
            raise GenerationDamaged("names.bin", "a list or a row is damaged")
        if status == NAMES_MEMORY:
            raise MemoryError
        return 0

    def check(self):
        if not names_whole(&self.file):
            raise GenerationDamaged("names.bin", "a list or a row is damaged")
