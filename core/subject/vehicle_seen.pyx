"""The facts in a search of vehicles besides plate and number, without the GIL. Nothing here is for Python."""

from libc.string cimport memcmp

from core.call.memory cimport call_shows
from core.contract.level cimport (
    AGREEMENT_AGREES, AGREEMENT_DISAGREES, AGREEMENT_UNKNOWN, CRITERION_COLOUR, CRITERION_MAKE,
    CRITERION_MODEL_YEAR, CRITERION_VEHICLE_TYPE,
)
from core.contract.section cimport SECTION_VEHICLE_REGISTRATION
from core.contract.vehicle_fields cimport (
    F_VehicleRegistration_colour, F_VehicleRegistration_line, F_VehicleRegistration_make,
    F_VehicleRegistration_model_year, F_VehicleRegistration_type,
)
from core.free_text.vehicles cimport kind_mask
from core.generation.dossier cimport RecordEntry
from core.names.keys cimport fold_into
from core.subject.vehicle_comparison cimport colours_agree, count_letters, makes_agree
from core.wire cimport WIRE_LENGTH, WIRE_VARINT, Field, Reader, read_field, reader_init


cdef enum:
    PREFIX_LETTERS = 3
    TEXT_BYTES = 1024            # of a registration's make and line, folded; more is cut

cdef struct Best:                # of the registrations that state the thing; 0 = none does
    uint8_t make
    uint8_t type
    uint8_t colour
    uint8_t year


cdef inline void _weigh(uint8_t* best, bint agrees) noexcept nogil:
    if agrees:
        best[0] = AGREEMENT_AGREES
    elif best[0] != AGREEMENT_AGREES:
        best[0] = AGREEMENT_DISAGREES


cdef bint _begins(const char* word, size_t n, const char* text, size_t length) noexcept nogil:
    if length < n or memcmp(word, text, n) != 0:
        return False
    return length == n or count_letters(word, n) >= PREFIX_LETTERS


cdef bint _holds_word(const char* word, size_t n, const char* text, size_t length) noexcept nogil:
    """Returns whether a word begins a word of the text, or the text with its spaces left out ("CRV": "CR V")."""
    cdef char joined[1024]
    cdef size_t start = 0, end, i, joined_n = 0
    while start < length:
        end = start
        while end < length and text[end] != c" ":
            end += 1
        if _begins(word, n, text + start, end - start):
            return True
        start = end + 1
    for i in range(length):
        if text[i] != c" ":
            joined[joined_n] = text[i]
            joined_n += 1
    return _begins(word, n, joined, joined_n)


cdef bint _is_made(const Seen* seen, const char* make, size_t make_n, const char* line, size_t line_n) noexcept nogil:
    """Returns whether make and line are those asked."""
    cdef int i
    if seen.make_length and (make_n == 0 or not makes_agree(make, <int>make_n, seen.make, <int>seen.make_length)):
        return False
    for i in range(seen.n_words):
        if not _holds_word(seen.words[i], seen.lengths[i], make, make_n) and not _holds_word(
                seen.words[i], seen.lengths[i], line, line_n):
            return False
    return True


cdef bint _is_kind(const Seen* seen, const char* type, size_t n, bint* stated) noexcept nogil:
    """A kind that no word tells is stated only for one that is asked in the same words."""
    cdef uint32_t kinds = kind_mask(type, n)
    stated[0] = True
    if n == seen.type_length and memcmp(type, seen.type, n) == 0:
        return True
    if kinds == 0 and seen.kinds:
        stated[0] = False
    return (kinds & seen.kinds) != 0


cdef void _compare_registration(Call* call, const Seen* seen, const uint8_t* message, size_t size, Best* best) noexcept nogil:
    cdef Reader reader
    cdef Field field
    cdef char make[1024]
    cdef char line[1024]
    cdef int make_n = 0, line_n = 0, length
    cdef bint stated, agrees
    reader_init(&reader, message, size)
    while read_field(&reader, &field) == 1:
        if field.wire == WIRE_VARINT:
            if field.number == F_VehicleRegistration_model_year and seen.model_year and field.value:
                _weigh(&best.year, <int32_t><uint32_t>field.value == seen.model_year)
            continue
        if field.wire != WIRE_LENGTH:
            continue
        if field.number == F_VehicleRegistration_make:
            make_n = max(0, fold_into(<const char*>field.data, field.size, make, TEXT_BYTES))
        elif field.number == F_VehicleRegistration_line:
            line_n = max(0, fold_into(<const char*>field.data, field.size, line, TEXT_BYTES))
        elif field.number == F_VehicleRegistration_colour and seen.asks_colour:
            length = fold_into(<const char*>field.data, field.size, call.folded, sizeof(call.folded))
            if length > 0:
                _weigh(&best.colour, colours_agree(call.folded, length, seen.colour, seen.colour_length, seen.colours))
        elif field.number == F_VehicleRegistration_type and seen.asks_type:
            length = fold_into(<const char*>field.data, field.size, call.folded, sizeof(call.folded))
            if length > 0:
                agrees = _is_kind(seen, call.folded, length, &stated)
                if stated:
                    _weigh(&best.type, agrees)
    if (seen.make_length and make_n) or (seen.n_words and make_n + line_n):
        _weigh(&best.make, _is_made(seen, make, make_n, line, line_n))


cdef bint _put(Compared* compared, uint8_t criterion, bint asked, uint8_t best) noexcept nogil:
    if not asked:
        return True
    compared.criterion[compared.n] = criterion
    compared.agreement[compared.n] = best if best else <uint8_t>AGREEMENT_UNKNOWN
    compared.n += 1
    return best != AGREEMENT_DISAGREES


cdef bint compare_with_seen(Call* call, const Seen* seen, const Dossier* vehicle, Compared* compared) noexcept nogil:
    cdef uint32_t i
    cdef const RecordEntry* record
    cdef Reader reader
    cdef Field field
    cdef Best best
    cdef bint fits = True
    best.make = best.type = best.colour = best.year = 0
    for i in range(vehicle.header.n_records):
        record = &vehicle.records[i]
        if record.section != SECTION_VEHICLE_REGISTRATION or not call_shows(call, record.section, record.sensitivity):
            continue
        reader_init(&reader, vehicle.bytes + record.offset, record.length)  # the field, then the message within
        if read_field(&reader, &field) == 1 and field.wire == WIRE_LENGTH:
            _compare_registration(call, seen, field.data, field.size, &best)
    fits = _put(compared, CRITERION_MAKE, seen.make_length + seen.n_words > 0, best.make) and fits
    fits = _put(compared, CRITERION_VEHICLE_TYPE, seen.asks_type, best.type) and fits
    fits = _put(compared, CRITERION_COLOUR, seen.asks_colour, best.colour) and fits
    return _put(compared, CRITERION_MODEL_YEAR, seen.model_year != 0, best.year) and fits
