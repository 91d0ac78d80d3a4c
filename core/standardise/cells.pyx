"""Cells of a register's rows: trimming, null words, code maps, conditions. Dates and numbers: core/standardise/parsing.pyx."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t
from libc.stdlib cimport calloc
from libc.string cimport memchr, memcmp, memcpy

from core.calendar cimport LAST_BIRTH_YEAR
from core.names.unicode cimport is_without_width
from core.standardise.nothing cimport tells_no_date
from core.standardise.parsing cimport parse_amount, parse_date, parse_int
from core.standardise.row cimport (
    CELL_MAX, Cell, Condition, Context, Date, FLAG_TRUE, Input, Map, MapEntry, RULE_CONTROL, RULE_COUNT, RULE_TOO_LONG,
    Slot, TEST_ABSENT, TEST_IN, TEST_PRESENT, VALUE_BAD, VALUE_NULL, VALUE_OK, VALUE_UNKNOWN,
)


cdef Cell no_cell() noexcept nogil:
    cdef Cell cell
    cell.data = NULL
    cell.size = 0
    return cell


cdef char* arena_take(Context* c, size_t size) noexcept nogil:
    """Memory that lives until the next row; NULL when the arena is spent (its size covers every value of the plan)."""
    cdef char* taken
    if c.capacity - c.used < size:
        return NULL
    taken = c.arena + c.used
    c.used += size
    return taken


cdef bint map_init(Map* map, uint32_t count) noexcept:
    cdef uint32_t size = 8
    while size < 2 * count + 2:
        size *= 2
    map.entries = <MapEntry*>calloc(size, sizeof(MapEntry))
    map.mask = size - 1
    map.longest = -1
    return map.entries != NULL


cdef inline uint32_t hash_text(Cell key) noexcept nogil:
    # FNV-1a: keys are short codes of the manifest
    cdef uint32_t value = 2166136261U
    cdef int32_t i
    for i in range(key.size):
        value = (value ^ <uint8_t>key.data[i]) * 16777619U
    return value ^ (value >> 15)


cdef bint same_text(Cell a, Cell b) noexcept nogil:
    return a.size == b.size and memcmp(a.data, b.data, a.size) == 0


cdef void map_put(Map* map, Cell key, Cell text, int64_t number) noexcept nogil:
    cdef uint32_t at = hash_text(key) & map.mask
    while map.entries[at].key.data != NULL:
        at = (at + 1) & map.mask
    map.entries[at].key = key
    map.entries[at].text = text
    map.entries[at].number = number
    if key.size > map.longest:
        map.longest = key.size


cdef MapEntry* map_find(Map* map, Cell key) noexcept nogil:
    """The key's entry, or NULL. A null key is looked up as the empty text."""
    cdef uint32_t at
    cdef Cell sought = key
    if sought.data == NULL:
        sought.data = b""
        sought.size = 0
    if sought.size > map.longest:
        return NULL
    at = hash_text(sought) & map.mask
    while map.entries[at].key.data != NULL:
        if same_text(map.entries[at].key, sought):
            return &map.entries[at]
        at = (at + 1) & map.mask
    return NULL


cdef void warn(Context* c, int field, int rule) noexcept nogil:
    c.warnings[field * RULE_COUNT + rule] += 1


cdef inline bint is_space(uint8_t byte) noexcept nogil:
    return byte == 32 or 9 <= byte <= 13


cdef inline int space_at(const char* data, int32_t left) noexcept nogil:
    """Bytes of the white space that starts here: 1, 2 (no-break space), or 0."""
    if is_space(<uint8_t>data[0]):
        return 1
    if left >= 2 and <uint8_t>data[0] == 0xC2 and <uint8_t>data[1] == 0xA0:
        return 2
    return 0


cdef Cell trimmed(Cell cell) noexcept nogil:
    """Returns the cell without white space at its ends; null when nothing is left."""
    cdef int width
    while cell.size > 0:
        width = space_at(cell.data, cell.size)
        if width == 0:
            break
        cell.data += width
        cell.size -= width
    while cell.size > 0:
        if is_space(<uint8_t>cell.data[cell.size - 1]):
            cell.size -= 1
        elif cell.size >= 2 and <uint8_t>cell.data[cell.size - 1] == 0xA0 and <uint8_t>cell.data[cell.size - 2] == 0xC2:
            cell.size -= 2
        else:
            break
    return cell if cell.size > 0 else no_cell()


cdef extern from *:
    """
    /* Bytes that can begin white space, a control character or one without width; every other byte is passed over. */
    static const unsigned char ronda_special[256] = {
        1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, [32] = 1,
        [0x7F] = 1, [0xC2] = 1, [0xCD] = 1, [0xD8] = 1, [0xE1] = 1, [0xE2] = 1, [0xE3] = 1, [0xEF] = 1, [0xF0] = 1,
        [0xF3] = 1,
    };
    """
    const uint8_t SPECIAL "ronda_special"[256]

cdef enum:
    PLAIN = 0
    BLANK = 1                    # white space
    CONTROL = 2                  # parts words as white space does: C0, DEL, C1, separators of lines
    HIDDEN = 3                   # vanishes: marks of direction, overrides, isolates, characters without width


cdef int character_at(const uint8_t* at, int32_t left, int* width) noexcept nogil:
    """The kind of the character that starts here, and its bytes; of a plain one the first byte alone."""
    cdef uint32_t code
    width[0] = 1
    if at[0] < 0x80:
        return BLANK if is_space(at[0]) else CONTROL if at[0] < 32 or at[0] == 0x7F else PLAIN
    if at[0] < 0xE0 and left >= 2:
        code = (at[0] & 0x1F) << 6 | at[1] & 0x3F
        width[0] = 2
        if code == 0xA0:
            return BLANK
        if 0x80 <= code < 0xA0:
            return CONTROL
        if is_without_width(code):
            return HIDDEN
    elif 0xE0 <= at[0] < 0xF0 and left >= 3:
        code = (at[0] & 0x0F) << 12 | (at[1] & 0x3F) << 6 | at[2] & 0x3F
        width[0] = 3
        if code == 0x2028 or code == 0x2029:
            return CONTROL
        if is_without_width(code):
            return HIDDEN
    elif at[0] >= 0xF0 and left >= 4:
        code = (at[0] & 0x07) << 18 | (at[1] & 0x3F) << 12 | (at[2] & 0x3F) << 6 | at[3] & 0x3F
        width[0] = 4
        if is_without_width(code):
            return HIDDEN
    width[0] = 1
    return PLAIN


cdef Cell collapsed(Context* c, int column, Cell cell) noexcept nogil:
    """One space for each run of white space within, and nothing that steers or hides; a copy only where something changes."""
    cdef const uint8_t* data = <const uint8_t*>cell.data
    cdef int32_t i = 0
    cdef int width, kind = PLAIN
    cdef bint before = False, steers = False
    cdef char* copy
    while i < cell.size:
        if not SPECIAL[data[i]]:
            before = False
            i += 1
            continue
        kind = character_at(data + i, cell.size - i, &width)
        if kind > BLANK or (kind == BLANK and (before or data[i] != 32)):
            break
        before = kind == BLANK
        i += width
    if i >= cell.size:
        return cell
    copy = arena_take(c, cell.size)
    if copy == NULL:
        return no_cell()
    cell.size = collapse(cell, copy, &steers)
    cell.data = copy
    if steers:
        warn(c, column, RULE_CONTROL)
    return cell if cell.size else no_cell()


cdef int32_t collapse(Cell cell, char* copy, bint* steers) noexcept nogil:
    """Writes the cell's text with one space for each run of white space, and nothing that steers or hides; its size.

    copy: has room for all of the cell. steers: whether there was such a character.
    """
    cdef const uint8_t* data = <const uint8_t*>cell.data
    cdef int32_t i = 0, size = 0
    cdef int width, kind
    cdef bint before = True      # no space before the first word
    steers[0] = False
    while i < cell.size:
        kind = PLAIN
        width = 1
        if SPECIAL[data[i]]:
            kind = character_at(data + i, cell.size - i, &width)
        if kind == PLAIN:
            copy[size] = cell.data[i]
            size += 1
            before = False
            width = 1
        elif kind != HIDDEN and not before:
            copy[size] = 32
            size += 1
            before = True
        steers[0] = steers[0] or kind > BLANK
        i += width
    return size - 1 if size and copy[size - 1] == 32 else size


cdef bint holds_replacement(Cell cell) noexcept nogil:
    """Returns whether the text holds U+FFFD (EF BF BD)."""
    cdef const char* at = cell.data
    cdef const char* end = cell.data + cell.size
    while at != NULL and end - at >= 3:
        at = <const char*>memchr(at, 0xEF, end - at)
        if at == NULL or end - at < 3:
            return False
        if <uint8_t>at[1] == 0xBF and <uint8_t>at[2] == 0xBD:
            return True
        at += 1
    return False


cdef inline Cell raw_cell(Context* c, int column) noexcept nogil:
    cdef Input* given = &c.inputs[column]
    cdef int64_t at = given.first + c.index
    cdef Cell cell
    if given.valid != NULL and not (given.valid[at >> 3] >> (at & 7)) & 1:
        return no_cell()
    cell.data = given.data + given.offsets[at]
    cell.size = given.offsets[at + 1] - given.offsets[at]
    return cell


cdef bint raw_cell_is_damaged(Context* c, int column) noexcept nogil:
    return c.undecodable and holds_replacement(raw_cell(c, column))


cdef Cell cell_of(Context* c, int column) noexcept nogil:
    cdef Input* given = &c.inputs[column]
    cdef Cell cell
    if given.epoch == c.epoch:
        return given.cell
    cell = trimmed(raw_cell(c, column))
    if cell.size > CELL_MAX:
        warn(c, column, RULE_TOO_LONG)
        cell = no_cell()
    elif cell.data != NULL:
        if c.undecodable and not given.name and holds_replacement(cell):
            cell = no_cell()
        else:
            cell = collapsed(c, column, cell)
            if cell.data != NULL and map_find(&c.maps[c.null_words], cell) != NULL:
                cell = no_cell()
    given.epoch = c.epoch
    given.cell = cell
    return cell


cdef Cell joined(Context* c, Slot* slot) noexcept nogil:
    cdef int i
    cdef size_t size = 0
    cdef Cell cell, result
    cdef char* text
    for i in range(slot.count):
        cell = cell_of(c, slot.columns[i])
        if cell.data != NULL:
            size += cell.size + slot.join.size
    if size == 0:
        return no_cell()
    if size > CELL_MAX:
        warn(c, slot.columns[0], RULE_TOO_LONG)
        return no_cell()
    text = arena_take(c, size)
    if text == NULL:
        return no_cell()
    result.data = text
    result.size = 0
    for i in range(slot.count):
        cell = cell_of(c, slot.columns[i])
        if cell.data == NULL:
            continue
        if result.size:
            memcpy(text + result.size, slot.join.data, slot.join.size)
            result.size += slot.join.size
        memcpy(text + result.size, cell.data, cell.size)
        result.size += cell.size
    return result


cdef MapEntry* code_find(Context* c, int map, Cell cell) noexcept nogil:
    """Returns the entry of a code map for a cell; the keys are folded, a null cell is the empty key."""
    cdef Map* codes = &c.maps[map]
    cdef size_t used = c.used
    cdef MapEntry* entry
    if cell.data != NULL:
        if cell.size > 2 * codes.longest:  # folding halves a text at most
            return NULL
        cell = folded(c, cell)
    entry = map_find(codes, cell)
    c.used = used
    return entry


cdef int text_of(Context* c, int number, Cell* out) noexcept nogil:
    cdef Slot* slot = &c.slots[number]
    cdef MapEntry* entry
    if slot.epoch == c.epoch:
        out[0] = slot.value
        return slot.status
    if slot.count == 0:
        slot.value = slot.constant
    elif slot.count == 1:
        slot.value = cell_of(c, slot.columns[0])
    else:
        slot.value = joined(c, slot)
    slot.status = VALUE_NULL if slot.value.data == NULL else VALUE_OK
    if slot.map >= 0:
        entry = code_find(c, slot.map, slot.value)
        if entry != NULL:
            slot.value = entry.text if entry.text.size else no_cell()
            slot.status = VALUE_OK if entry.text.size else VALUE_NULL
        elif slot.status == VALUE_OK:
            slot.status = VALUE_UNKNOWN
    slot.epoch = c.epoch
    out[0] = slot.value
    return slot.status


cdef Date date_of_slot(Context* c, int number) noexcept nogil:
    cdef Slot* slot = &c.slots[number]
    cdef Cell cell
    if slot.date_epoch != c.epoch:
        text_of(c, number, &cell)
        slot.date = parse_date(c, cell, slot.birth)
        if slot.date.status == VALUE_BAD and tells_no_date(cell):
            slot.date.status = VALUE_NULL
        if slot.birth and slot.date.status == VALUE_OK and slot.date.year > LAST_BIRTH_YEAR:
            slot.date.status = VALUE_NULL
            slot.date.year = slot.date.month = slot.date.day = 0
        slot.date_epoch = c.epoch
    return slot.date


cdef int mapped_of(Context* c, int slot, int map, int64_t* out) noexcept nogil:
    cdef Cell cell
    cdef int status = text_of(c, slot, &cell)
    cdef MapEntry* entry = code_find(c, map, cell)
    if entry != NULL:
        out[0] = entry.number
        return VALUE_OK
    return VALUE_NULL if status == VALUE_NULL else VALUE_UNKNOWN


cdef int int_of(Context* c, int slot, int64_t* out) noexcept nogil:
    cdef Cell cell
    cdef int status = text_of(c, slot, &cell)
    return parse_int(cell, out) if status == VALUE_OK else status


cdef int money_of(Context* c, int slot, int64_t* out) noexcept nogil:
    cdef Cell cell
    cdef int status = text_of(c, slot, &cell)
    return parse_amount(cell, out) if status == VALUE_OK else status


# U+00C0 to U+00DF without their accents, 0 = as it is; U+00E0 to U+00FF are their small letters.
cdef const char* UNACCENTED = b"AAAAAA\0CEEEEIIII\0\0OOOOO\0\0UUUUY\0\0"


cdef Cell folded(Context* c, Cell cell) noexcept nogil:
    """The text in upper case without accents (A to Z and the letters of Latin-1; Ñ is kept), at the arena's end."""
    cdef Cell out = no_cell()
    cdef char* text = arena_take(c, cell.size)
    cdef int32_t i = 0, size = 0
    cdef uint8_t byte, second, letter
    if text == NULL:
        return out
    while i < cell.size:
        byte = <uint8_t>cell.data[i]
        i += 1
        if byte == 0xC3 and i < cell.size:
            second = <uint8_t>cell.data[i]
            i += 1
            letter = <uint8_t>UNACCENTED[second & 0x1F]
            if second == 0xBF:
                letter = 89  # ÿ stands where ß has its capital
            if letter:
                byte = letter
            else:
                text[size] = <char>byte
                size += 1
                byte = second - 0x20 if second >= 0xA0 and second != 0xB7 else second  # æ ð ñ ø þ, not ÷
        elif 97 <= byte <= 122:
            byte -= 32
        text[size] = <char>byte
        size += 1
    out.data = text
    out.size = size
    return out


cdef bint is_listed(Context* c, Map* words, Cell cell) noexcept nogil:
    """Returns whether the cell stands in a condition's list of folded words."""
    cdef size_t used = c.used
    cdef bint listed
    if cell.data == NULL or cell.size > 2 * words.longest:  # folding halves a text at most
        return False
    listed = map_find(words, folded(c, cell)) != NULL
    c.used = used
    return listed


cdef bint holds(Context* c, int number, bint doubtful) noexcept nogil:
    cdef Condition* condition = &c.conditions[number]
    cdef Cell cell
    cdef bint listed
    if c.undecodable and raw_cell_is_damaged(c, condition.column):
        return doubtful
    cell = cell_of(c, condition.column)
    if condition.test == TEST_PRESENT:
        return cell.data != NULL
    if condition.test == TEST_ABSENT:
        return cell.data == NULL
    listed = is_listed(c, &c.maps[condition.map], cell)
    return listed == (condition.test == TEST_IN)


cdef bint is_untold(Context* c, int number) noexcept nogil:
    cdef Condition* condition = &c.conditions[number]
    cdef Cell cell
    if condition.test != TEST_IN:
        return False
    cell = cell_of(c, condition.column)
    if cell.data == NULL:
        return True
    return condition.others >= 0 and not is_listed(c, &c.maps[condition.map], cell) and not is_listed(
        c, &c.maps[condition.others], cell)


cdef bint flag_of(Context* c, int flag) noexcept nogil:
    if flag < 0:
        return flag == FLAG_TRUE
    return holds(c, flag, False)
