"""The writer of names.bin (core/name_index/file.pxd).

Rows go to the file as they come. The dictionary and the lists, as differences of one or two bytes, are held in memory:
some ten bytes a person.
"""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memcmp, memcpy, memset

from core.contract.section cimport SECTION_IDENTITY, SENSITIVITY_OPEN
from core.files.layout cimport HEADER_SIZE
from core.name_index.file cimport (
    FIRST_TOKEN, NAME_ROW_BYTES, NAME_ROW_GUESSED, NAME_ROW_SAME, NAME_ROW_TOKENS,
    REPEATED_LIST, ROWS_MAX, SHORT_LISTS, TOKEN_ID_BITS, TOKEN_ID_MASK, TOKENS_ON_FILE_MAX, YEARS, NamesTables,
    letters_term, rows_hold, year_place,
)
from core.name_index.lists cimport (
    GrowingToken, ListMemory, Sound, Term, bucket_terms, collect_terms, put_briefs, put_list,
)
from core.names.reading cimport ROLE_MARRIED, SHAPE_TOKENS, NameShape, read_name
from core.names.tokens cimport TokenForm
from core.files.output import write_trailer
from core.machine.xxhash cimport XXH3_64bits, XXH3_64bits_withSeed
from core.wire cimport Buffer, buffer_free, buffer_init, buffer_reserve, buffer_reset, put_raw, write_varint


cdef enum:
    KEPT_NAMES = 4096


cdef class NamesWriter:
    def __cinit__(self):
        cdef int i
        buffer_init(&self.texts)
        buffer_init(&self.rows_at)
        buffer_init(&self.row)
        buffer_init(&self.stray_rows)
        buffer_init(&self.strays)
        self.tokens_capacity = 1024
        self.tokens = <GrowingToken*>calloc(self.tokens_capacity, sizeof(GrowingToken))
        self.n_slots = 4096
        self.slots = <uint32_t*>calloc(self.n_slots, sizeof(uint32_t))
        self.n_sounds = 4096
        self.sounds = <Sound*>calloc(self.n_sounds, sizeof(Sound))
        self.kept = <KeptName*>calloc(KEPT_NAMES, sizeof(KeptName))
        if self.tokens == NULL or self.slots == NULL or self.kept == NULL or self.sounds == NULL:
            raise MemoryError
        self.n_tokens = FIRST_TOKEN
        memset(self.class_of, NO_CLASS, sizeof(self.class_of))
        self.ordered = True
        for i in range(YEARS + 1):
            self.years[i] = 0

    def __init__(self, path, uint64_t build, bint durable=True):
        self.file = OutputFile(path, b"RNDNAMES", build, durable)

    def __dealloc__(self):
        cdef uint32_t i
        if self.tokens != NULL:
            for i in range(self.n_tokens):
                free(self.tokens[i].list)
        free(self.tokens)
        free(self.slots)
        free(self.sounds)
        free(self.kept)
        buffer_free(&self.texts)
        buffer_free(&self.rows_at)
        buffer_free(&self.row)
        buffer_free(&self.stray_rows)
        buffer_free(&self.strays)

    # ---- the dictionary ----

    cdef bint _grow(self) noexcept nogil:
        """Room for one token more."""
        cdef GrowingToken* grown
        cdef uint32_t* slots
        cdef uint64_t n, at
        cdef uint32_t i
        if self.n_tokens >= TOKENS_ON_FILE_MAX:
            self.too_many = True
            return False
        if self.n_tokens == self.tokens_capacity:
            grown = <GrowingToken*>realloc(self.tokens, 2 * <size_t>self.tokens_capacity * sizeof(GrowingToken))
            if grown == NULL:
                self.failed = True
                return False
            self.tokens = grown
            self.tokens_capacity *= 2
        if 2 * <uint64_t>self.n_tokens >= self.n_slots:
            n = self.n_slots * 2
            slots = <uint32_t*>calloc(n, sizeof(uint32_t))
            if slots == NULL:
                self.failed = True
                return False
            for i in range(FIRST_TOKEN, self.n_tokens):
                at = self.tokens[i].hash & (n - 1)
                while slots[at]:
                    at = (at + 1) & (n - 1)
                slots[at] = i
            free(self.slots)
            self.slots = slots
            self.n_slots = n
        return True

    cdef int64_t _sound(self, const TokenForm* form) noexcept nogil:
        """Place of a phonetic key, new or known; -1 = it could not be kept."""
        cdef uint64_t hash = XXH3_64bits(form.phonetic, form.phonetic_length) | 1
        cdef uint64_t at, old, n
        cdef Sound* grown
        cdef uint32_t* moved
        cdef uint32_t i
        if 2 * self.sounds_used >= self.n_sounds:
            n = 2 * self.n_sounds
            grown = <Sound*>calloc(n, sizeof(Sound))
            moved = <uint32_t*>malloc(self.n_sounds * sizeof(uint32_t))
            if grown == NULL or moved == NULL:
                free(grown)
                free(moved)
                self.failed = True
                return -1
            for old in range(self.n_sounds):
                if self.sounds[old].hash == 0:
                    continue
                at = self.sounds[old].hash & (n - 1)
                while grown[at].hash:
                    at = (at + 1) & (n - 1)
                grown[at] = self.sounds[old]
                moved[old] = <uint32_t>at
            for i in range(FIRST_TOKEN, self.n_tokens):
                self.tokens[i].sound = moved[self.tokens[i].sound]
            free(moved)
            free(self.sounds)
            self.sounds = grown
            self.n_sounds = n
        at = hash & (self.n_sounds - 1)
        while self.sounds[at].hash and self.sounds[at].hash != hash:
            at = (at + 1) & (self.n_sounds - 1)
        if self.sounds[at].hash == 0:
            self.sounds[at].hash = hash
            self.sounds_used += 1
        return <int64_t>at

    cdef uint32_t _token(self, const TokenForm* form) noexcept nogil:
        """Id of a token, new or known; 0 = it could not be kept."""
        cdef uint64_t hash = letters_term(form.letters, form.length)
        cdef uint64_t at = hash & (self.n_slots - 1)
        cdef GrowingToken* token
        cdef int64_t sound
        while self.slots[at]:
            token = &self.tokens[self.slots[at]]
            if token.hash == hash and token.text_length == form.length and memcmp(
                    self.texts.data + token.text, form.letters, form.length) == 0:
                return self.slots[at]
            at = (at + 1) & (self.n_slots - 1)
        if not self._grow():
            return 0
        sound = self._sound(form)
        if sound < 0:
            return 0
        at = hash & (self.n_slots - 1)
        while self.slots[at]:
            at = (at + 1) & (self.n_slots - 1)
        token = &self.tokens[self.n_tokens]
        memset(token, 0, sizeof(GrowingToken))
        token.hash = hash
        token.sound = <uint32_t>sound
        token.text = <uint32_t>self.texts.size
        token.text_length = form.length
        put_raw(&self.texts, form.letters, form.length)
        self.slots[at] = self.n_tokens
        self.n_tokens += 1
        return self.n_tokens - 1

    cdef int _read(self, const NameClaim* claim, KeptName* out) noexcept nogil:
        """Tokens of a claim's name."""
        cdef uint64_t hash
        cdef NameShape shape
        cdef TokenForm forms[SHAPE_TOKENS]
        cdef KeptName* kept
        cdef int i, count
        out.count = 0
        out.guessed = 0
        if claim.name_length == 0:
            return 0
        hash = XXH3_64bits(claim.name, claim.name_length) | 1
        kept = &self.kept[(hash >> 8) & (KEPT_NAMES - 1)]
        if kept.hash == hash:
            out[0] = kept[0]
            return 0
        count = read_name(claim.name, claim.name_length, NULL, &shape, forms)
        out.hash = hash
        out.count = <uint8_t>count
        out.guessed = shape.roles_guessed
        for i in range(count):
            out.tokens[i] = self._token(&forms[i])
            if out.tokens[i] == 0:
                return -1
            out.tokens[i] |= <uint32_t>shape.tokens[i].role << TOKEN_ID_BITS
        kept[0] = out[0]
        return 0

    # ---- persons ----

    cdef void begin(self, int ordering_year) noexcept nogil:
        self.ordering_year = ordering_year
        self.ordering_day = -1
        self.n_rows = 0
        self.last_names = 0
        self.open_name = self.any_year = self.open_identity = False
        self.all_ordering = self.years_agree = True
        buffer_reset(&self.row)

    cdef int _class_of(self, const NameClaim* claim) noexcept nogil:
        """The class of a claim's rows, made where there is none; -1 = there are too many."""
        cdef uint8_t* known = &self.class_of[claim.section & (CLASS_SECTIONS - 1)][claim.sensitivity & (CLASS_SENSITIVITIES - 1)]
        if known[0] == NO_CLASS:
            if self.n_classes >= NO_CLASS:
                self.too_many = True
                return -1
            known[0] = <uint8_t>self.n_classes
            self.classes[known[0]][0] = claim.section
            self.classes[known[0]][1] = claim.sensitivity
            self.n_classes += 1
        return known[0]

    cdef bint _is_last_name(self, const uint8_t* row, size_t length) noexcept nogil:
        """Returns whether a row's tokens, guessed or not, are those of the last row with tokens of its own."""
        cdef const uint8_t* last = self.row.data + self.last_names - 1
        return (last[0] & NAME_ROW_TOKENS == row[0] & NAME_ROW_TOKENS and (last[0] ^ row[0]) & NAME_ROW_GUESSED == 0
                and memcmp(last + NAME_ROW_BYTES, row + NAME_ROW_BYTES, length - NAME_ROW_BYTES) == 0)

    cdef void _note_order(self, const NameClaim* claim) noexcept nogil:
        """Notes whether this person stands under a year that every caller may see, or is a stray."""
        if claim.birth_year == 0:
            self.all_ordering = False
            return
        self.any_year = True
        if self.ordering_day < 0 and claim.birth_year == self.ordering_year:
            self.ordering_day = 32 * claim.birth_month + claim.birth_mday
        # ordinals of a year come in order of the day, and a question looks at the days asked
        if claim.birth_year != self.ordering_year or 32 * claim.birth_month + claim.birth_mday != self.ordering_day:
            self.years_agree = self.all_ordering = False
        elif claim.identity and claim.section == SECTION_IDENTITY and claim.sensitivity == SENSITIVITY_OPEN:
            self.open_identity = True

    cdef void add(self, const NameClaim* claim) noexcept nogil:
        cdef KeptName name
        cdef uint8_t row[ROW_MAX]
        cdef size_t length
        cdef int row_class
        if self.n_rows >= ROWS_MAX:
            return
        row_class = self._class_of(claim)
        if row_class < 0 or self._read(claim, &name) < 0:
            return
        length = pack_row(claim, &name, <uint8_t>row_class, row)
        # every row once, and the tokens of neighbouring rows once
        if rows_hold(self.row.data, self.row.size, row, length):
            return
        if self.last_names and name.count and self._is_last_name(row, length):
            row[0] = (row[0] & ~<uint8_t>NAME_ROW_TOKENS) | <uint8_t>NAME_ROW_SAME
            length = NAME_ROW_BYTES
        else:
            self.last_names = self.row.size + 1
        put_raw(&self.row, row, length)
        self.n_rows += 1
        if name.count and claim.sensitivity == SENSITIVITY_OPEN:
            self.open_name = True
        self._note_order(claim)

    cdef void end(self) noexcept nogil:
        cdef uint32_t ordinal = self.n_entities, size = <uint32_t>self.row.size
        cdef int place = year_place(self.ordering_year) if self.ordering_year else -1
        cdef bint settled = self.all_ordering or (self.open_identity and self.years_agree) or not self.any_year
        if place + 1 < self.last_place:
            self.ordered = False
        while self.last_place <= place:
            self.years[self.last_place] = ordinal
            self.last_place += 1
        if not self.any_year and self.ordering_year:
            settled = False      # what orders it is not in its claims
        if self.n_rows == 0:
            settled = True
        if settled:
            self._put_block(ordinal, self.row.data, self.row.size)
            self._post_rows(self.row.data, self.row.size, ordinal)
        else:
            self._put_block(ordinal, NULL, 0)
            put_raw(&self.stray_rows, &size, 4)
            put_raw(&self.stray_rows, self.row.data, size)
            put_raw(&self.strays, &ordinal, 4)
        self.population += self.open_name
        self.n_entities += 1

    cdef void _put_block(self, uint32_t ordinal, const uint8_t* rows, size_t size) noexcept nogil:
        cdef uint64_t at = self.file.position() - HEADER_SIZE
        cdef uint32_t place = <uint32_t>(at // 2)
        cdef uint32_t checksum
        cdef size_t filled = size + (size & 1)
        cdef uint8_t* block
        if at // 2 >= <uint64_t>0xFFFFFFFF:
            self.too_many = True
        put_raw(&self.rows_at, &place, 4)
        if not buffer_reserve(&self.file.pending, 4 + filled):
            return
        block = self.file.pending.data + self.file.pending.size
        if size:
            memcpy(block + 4, rows, size)
        if size & 1:
            block[4 + size] = 0
        checksum = <uint32_t>XXH3_64bits_withSeed(block + 4, filled, ordinal)
        memcpy(block, &checksum, 4)
        self.file.pending.size += 4 + filled

    cdef void _post(self, uint32_t id, uint32_t ordinal, bint is_open) noexcept nogil:
        cdef GrowingToken* token = &self.tokens[id]
        cdef uint8_t* grown
        if is_open and self.sounds[token.sound].last != ordinal + 1:
            self.sounds[token.sound].last = ordinal + 1
            self.sounds[token.sound].persons += 1
        if token.last == ordinal + 1:
            return
        if token.capacity - token.size < 5:
            grown = <uint8_t*>realloc(token.list, max(<uint32_t>16, token.capacity + token.capacity // 2))
            if grown == NULL:
                self.failed = True
                return
            token.list = grown
            token.capacity = max(<uint32_t>16, token.capacity + token.capacity // 2)
        token.size = <uint32_t>(write_varint(token.list + token.size, ordinal - (token.last - 1 if token.last else 0)) - token.list)
        token.last = ordinal + 1
        token.count += 1

    cdef void _post_rows(self, const uint8_t* rows, size_t size, uint32_t ordinal) noexcept nogil:
        cdef const uint8_t* at = rows
        cdef const uint8_t* end = rows + size
        cdef const uint8_t* tokens = NULL
        cdef uint8_t count = 0, i, j
        cdef uint32_t packed, core
        cdef bint is_open, repeated
        while at < end:
            is_open = self.classes[at[1]][1] == SENSITIVITY_OPEN
            if at[0] & NAME_ROW_TOKENS != NAME_ROW_SAME:
                count = at[0] & NAME_ROW_TOKENS
                tokens = at + NAME_ROW_BYTES
                at = tokens + 3 * count
            else:
                at += NAME_ROW_BYTES
            core = 0
            repeated = False
            for i in range(count):
                packed = tokens[3 * i] | <uint32_t>tokens[3 * i + 1] << 8 | <uint32_t>tokens[3 * i + 2] << 16
                core += packed >> TOKEN_ID_BITS != ROLE_MARRIED
                self._post(packed & TOKEN_ID_MASK, ordinal, is_open)
                for j in range(i):
                    repeated = repeated or self.tokens[packed & TOKEN_ID_MASK].sound == self.tokens[
                        (tokens[3 * j] | <uint32_t>tokens[3 * j + 1] << 8 | <uint32_t>tokens[3 * j + 2] << 16)
                        & TOKEN_ID_MASK].sound
            if repeated:
                self._post(REPEATED_LIST, ordinal, False)
            if count and core <= SHORT_LISTS:
                self._post(max(core, 1) - 1, ordinal, False)

    # ---- the end of the file ----

    cdef int _put_strays(self) noexcept nogil:
        cdef const uint8_t* at = self.stray_rows.data
        cdef uint32_t i, size, n = <uint32_t>(self.strays.size // 4), place
        cdef uint64_t end
        for i in range(n):
            memcpy(&size, at, 4)
            self._put_block(self.n_entities + i, at + 4, size)
            self._post_rows(at + 4, size, self.n_entities + i)
            at += 4 + size
        end = (self.file.position() - HEADER_SIZE) // 2
        place = <uint32_t>end
        if end >= <uint64_t>0xFFFFFFFF:
            self.too_many = True
        put_raw(&self.rows_at, &place, 4)
        while self.last_place <= YEARS:
            self.years[self.last_place] = self.n_entities
            self.last_place += 1
        return 0

    def flush(self):
        if self.too_many:
            raise OverflowError("names: more distinct tokens, kinds of claims or bytes than names.bin can hold")
        if self.failed or self.texts.failed or self.rows_at.failed or self.row.failed or self.stray_rows.failed:
            raise MemoryError
        self.file.flush()

    def finish(self):
        cdef ListMemory memory
        cdef NamesTables tables
        self.flush()
        with nogil:
            self._put_strays()
        self.flush()
        memset(&tables, 0, sizeof(tables))
        memset(&memory, 0, sizeof(memory))
        tables.rows_size = self.file.position() - HEADER_SIZE
        tables.n_tokens = self.n_tokens
        tables.n_entities = self.n_entities
        tables.n_strays = <uint32_t>(self.strays.size // 4)
        tables.n_classes = self.n_classes
        tables.population = self.population
        tables.ordered = self.ordered
        try:
            self._put_lists(&memory, tables.n_entities + tables.n_strays)
            self.file.align(8)
            tables.rows_at = self.file.position()
            self.file.put(self.rows_at.data, self.rows_at.size)
            self.file.align(8)
            self.file.flush()
            written = self._put_tables(&tables, &memory.entries)
        finally:
            free(memory.bits)
            buffer_free(&memory.entries)
            buffer_free(&memory.skips)
            buffer_free(&memory.blocks)
        return dict(written, tokens=self.n_tokens - FIRST_TOKEN, strays=tables.n_strays, population=self.population)

    cdef int _put_lists(self, ListMemory* memory, uint32_t n_ordinals) except -1:
        cdef uint32_t id = 0, persons
        memory.bits = <uint64_t*>malloc((<size_t>n_ordinals + 63) // 64 * 8 + 8)
        if memory.bits == NULL:
            raise MemoryError
        while id < self.n_tokens:
            with nogil:
                while id < self.n_tokens and self.file.pending.size < 8 << 20:
                    persons = self.sounds[self.tokens[id].sound].persons if id >= FIRST_TOKEN else 0
                    put_list(self.file, &self.tokens[id], persons, n_ordinals, memory)
                    free(self.tokens[id].list)
                    self.tokens[id].list = NULL
                    id += 1
            self.file.flush()
        if memory.entries.failed or memory.skips.failed or memory.blocks.failed:
            raise MemoryError
        return 0

    cdef object _put_tables(self, NamesTables* tables, const Buffer* entries):
        """All that stands under one checksum, held until that is known; closes the file."""
        cdef uint64_t start = self.file.position(), size, checksum
        cdef Buffer first, second, pairs
        buffer_init(&first)
        buffer_init(&second)
        buffer_init(&pairs)
        try:
            tables.tokens = self._table(entries)
            put_briefs(self.tokens, self.n_tokens, self.sounds, self.texts.data, self.population, &first)
            tables.briefs = self._table(&first)
            tables.texts = self._table(&self.texts)
            tables.texts_size = self.texts.size
            with nogil:
                collect_terms(self.tokens, self.n_tokens, self.texts.data, &pairs)
                tables.n_terms = <uint32_t>(pairs.size // sizeof(Term))
                tables.bucket_bits = 1
                while tables.bucket_bits < 24 and (<uint64_t>4 << tables.bucket_bits) < tables.n_terms:
                    tables.bucket_bits += 1
                buffer_reset(&first)
                bucket_terms(<const Term*>pairs.data, tables.n_terms, tables.bucket_bits, &first, &second)
            tables.buckets = self._table(&first)
            tables.terms = self._table(&second)
            tables.strays = self._table(&self.strays)
            if not self.ordered:
                memset(self.years, 0, sizeof(self.years))
            buffer_reset(&first)
            put_raw(&first, self.years, sizeof(self.years))
            tables.years = self._table(&first)
            buffer_reset(&first)
            put_raw(&first, self.classes, 2 * self.n_classes)
            tables.classes = self._table(&first)
            self.file.align(8)
            self.file.put(tables, sizeof(NamesTables))
            if first.failed or second.failed or pairs.failed or self.file.pending.failed:
                raise MemoryError
            size = self.file.position() - start
            checksum = XXH3_64bits(self.file.pending.data + self.file.pending.size - size, size)
            write_trailer(self.file, b"RNDNAMES", start, sizeof(NamesTables), checksum)
            return self.file.finish()
        finally:
            buffer_free(&first)
            buffer_free(&second)
            buffer_free(&pairs)

    cdef uint64_t _table(self, const Buffer* table) noexcept:
        self.file.align(8)
        self.file.put(table.data, table.size)
        return self.file.position() - table.size

    def abandon(self):
        self.file.abandon()
