"""plates.bin, the reader: partial plates (see core/generation/plates.pxd for the bytes)."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcmp, memcpy, memset

from core.files.layout cimport HEADER_SIZE, TRAILER_SIZE, FileTrailer
from core.free_text.vehicles cimport colour_mask
from core.identifiers.plates cimport misread_as
from core.machine.invariant cimport LAYOUT, LAYOUT_PLACE
from core.machine.xxhash cimport XXH3_64bits


cdef const char* plates_open(PlatesFile* plates, const uint8_t* data, uint64_t size) noexcept nogil:
    cdef const FileTrailer* trailer
    cdef uint64_t blocks
    LAYOUT(sizeof(PlateRow) == 32)
    LAYOUT(sizeof(FileTrailer) == TRAILER_SIZE)
    LAYOUT_PLACE(<size_t>&(<PlateRow*>NULL).colours == 20)
    LAYOUT_PLACE(<size_t>&(<PlateRow*>NULL).entity == 28)
    if size < HEADER_SIZE + TRAILER_SIZE:
        return "too short to be one"
    trailer = <const FileTrailer*>(data + size - TRAILER_SIZE)
    if memcmp(trailer.magic, b"RNDPLATE", 8) != 0 or trailer.checksum != XXH3_64bits(trailer, TRAILER_SIZE - 8):
        return "its end is damaged"
    if trailer.count > size // sizeof(PlateRow):
        return "its end points outside it"
    blocks = (trailer.count + PLATE_BLOCK - 1) // PLATE_BLOCK
    if trailer.table != HEADER_SIZE + trailer.count * sizeof(PlateRow) or trailer.table + blocks * 8 + TRAILER_SIZE != size:
        return "its end points outside it"
    if trailer.table_checksum != XXH3_64bits(data + trailer.table, blocks * 8):
        return "its table of checksums is damaged"
    plates.data = data
    plates.size = size
    plates.rows = <const PlateRow*>(data + HEADER_SIZE)
    plates.n_rows = trailer.count
    plates.checksums = <const uint64_t*>(data + trailer.table)
    return NULL


cdef bint _fits(const uint8_t* pattern, size_t length, const uint8_t* text, size_t n) noexcept nogil:
    """Returns whether a text fits a pattern with ? and *; the last star is the only one ever tried again."""
    cdef size_t p = 0, t = 0, star = 0, star_text = 0
    cdef bint starred = False
    while t < n:
        if p < length and pattern[p] == b"*"[0]:
            starred = True
            star = p
            star_text = t
            p += 1
        elif p < length and (pattern[p] == b"?"[0] or pattern[p] == text[t]):
            p += 1
            t += 1
        elif starred:
            p = star + 1
            star_text += 1
            t = star_text
        else:
            return False
    while p < length and pattern[p] == b"*"[0]:
        p += 1
    return p == length


cdef void _measure(const uint8_t* pattern, size_t length, uint32_t* head, uint32_t* tail,
                   uint32_t* stars) noexcept nogil:
    cdef size_t i
    head[0] = tail[0] = stars[0] = 0
    for i in range(length):
        if pattern[i] == b"*"[0]:
            stars[0] += 1
            tail[0] = 0
        elif stars[0]:
            tail[0] += 1
        else:
            head[0] += 1


cdef uint64_t _bound(const PlatesFile* file, const uint8_t* prefix, size_t length, bint upper) noexcept nogil:
    """Returns the first row with a plate that does not begin below a prefix (upper: that begins above it)."""
    cdef uint64_t low = 0, high = file.n_rows, middle
    cdef int order
    while low < high:
        middle = low + (high - low) // 2
        order = memcmp(file.rows[middle].plate, prefix, length)
        if order < 0 or (upper and order == 0):
            low = middle + 1
        else:
            high = middle
    return low


cdef int plate_scan(const PlatesFile* file, PlateScan* scan, const uint8_t* pattern, size_t pattern_length,
                    const uint8_t* type, size_t type_length, const uint8_t* make, size_t make_length,
                    const uint8_t* colour, size_t colour_length, uint32_t model_year) noexcept nogil:
    cdef size_t prefix = 0
    memset(scan, 0, sizeof(PlateScan))
    scan.file = file
    if pattern_length == 0 or pattern_length > sizeof(scan.pattern) or type_length > 3:
        return -1
    memcpy(scan.pattern, pattern, pattern_length)
    scan.pattern_length = <uint32_t>pattern_length
    if type_length:
        memcpy(scan.type, type, type_length)
    scan.type_length = <uint32_t>type_length
    scan.make_length = <uint32_t>(make_length if make_length < 3 else 3)
    if make_length:
        memcpy(scan.make, make, scan.make_length)
    scan.colours = colour_mask(<const char*>colour, colour_length) if colour_length else 0
    scan.model_year = model_year
    _measure(pattern, pattern_length, &scan.head, &scan.tail, &scan.stars)
    while (prefix < pattern_length and prefix < PLATE_CHARACTERS and pattern[prefix] != b"*"[0]
            and pattern[prefix] != b"?"[0]):
        prefix += 1
    scan.at = _bound(file, pattern, prefix, False)
    scan.end = _bound(file, pattern, prefix, True)
    return 0


cdef bint _verify(const PlatesFile* file, uint64_t row) noexcept nogil:
    cdef uint64_t block = row // PLATE_BLOCK
    cdef uint64_t count = file.n_rows - block * PLATE_BLOCK
    if count > PLATE_BLOCK:
        count = PLATE_BLOCK
    return XXH3_64bits(&file.rows[block * PLATE_BLOCK], count * sizeof(PlateRow)) == file.checksums[block]


cdef inline size_t _plate_length(const PlateRow* row) noexcept nogil:
    cdef size_t length = 0
    while length < PLATE_CHARACTERS and row.plate[length]:
        length += 1
    return length


cdef uint64_t _past(const PlateScan* scan, size_t length) noexcept nogil:
    """Returns the first row after scan.at with another beginning than that row's, in `length` bytes: most are near."""
    cdef const PlateRow* rows = scan.file.rows
    cdef uint64_t low = scan.at, high = scan.at + 1, step = 1, middle
    while high < scan.end and memcmp(rows[high].plate, rows[scan.at].plate, length) == 0:
        low = high
        step *= 2
        high = low + step
    if high > scan.end:
        high = scan.end
    while low + 1 < high:
        middle = low + (high - low) // 2
        if memcmp(rows[middle].plate, rows[scan.at].plate, length) == 0:
            low = middle
        else:
            high = middle
    return low + 1


cdef int _misread_row(const PlateScan* scan, const uint8_t* text, size_t n, size_t* ruled) noexcept nogil:
    """Works as plate_misread. `ruled`: the first characters of the plate that exclude it by themselves; 0 = they do
    not."""
    cdef int most = scan.misreads if scan.stars <= 1 else 0, count = 0
    cdef size_t i
    cdef uint8_t c
    ruled[0] = 0
    if n < scan.head + scan.tail or (scan.stars == 0 and n != scan.head):
        return -1
    for i in range(scan.head):
        c = scan.pattern[i]
        if c == text[i] or c == b"?"[0]:
            continue
        if count == most or not misread_as(<char>c, <char>text[i]):
            ruled[0] = i + 1
            return -1
        count += 1
    if scan.stars > 1:
        return 0 if _fits(scan.pattern, scan.pattern_length, text, n) else -1
    for i in range(scan.tail):
        c = scan.pattern[scan.pattern_length - 1 - i]
        if c == text[n - 1 - i] or c == b"?"[0]:
            continue
        if count == most or not misread_as(<char>c, <char>text[n - 1 - i]):
            return -1
        count += 1
    return count


cdef int plate_misread(const uint8_t* pattern, size_t length, const uint8_t* text, size_t n, int most) noexcept nogil:
    cdef PlateScan scan
    cdef size_t ruled
    memcpy(scan.pattern, pattern, length)
    scan.pattern_length = <uint32_t>length
    scan.misreads = most
    _measure(pattern, length, &scan.head, &scan.tail, &scan.stars)
    return _misread_row(&scan, text, n, &ruled)


cdef void plate_scan_misread(PlateScan* scan, int misreads) noexcept nogil:
    scan.misreads = misreads
    scan.at = 0
    scan.end = scan.file.n_rows


cdef int plate_next(PlateScan* scan, const PlateRow** row) noexcept nogil:
    cdef const PlateRow* candidate
    cdef size_t ruled
    if scan.damaged:
        return PLATE_DAMAGED
    while scan.at < scan.end:
        if scan.at >= scan.verified:
            if not _verify(scan.file, scan.at):
                scan.damaged = True
                return PLATE_DAMAGED
            scan.verified = (scan.at // PLATE_BLOCK + 1) * PLATE_BLOCK
        candidate = &scan.file.rows[scan.at]
        scan.misread = _misread_row(scan, candidate.plate, _plate_length(candidate), &ruled)
        if scan.misread < 0:
            scan.at = _past(scan, ruled) if ruled else scan.at + 1
            continue
        scan.at += 1
        if scan.type_length and (memcmp(candidate.type, scan.type, 3) != 0):
            continue
        if scan.model_year and candidate.model_year and candidate.model_year != scan.model_year:
            continue
        if scan.colours and candidate.colours and not candidate.colours & scan.colours:
            continue
        if scan.make_length and candidate.make[0] and memcmp(candidate.make, scan.make, scan.make_length) != 0:
            continue
        row[0] = candidate
        return PLATE_FOUND
    return PLATE_END


cdef int plate_exists(const PlatesFile* file, const uint8_t* plate, size_t plate_length, const uint8_t* type,
                      size_t type_length, const uint8_t* country, size_t country_length) noexcept nogil:
    cdef uint64_t at
    cdef uint8_t wanted[10]
    cdef uint8_t wanted_type[3]
    if plate_length > PLATE_CHARACTERS or type_length > 3 or country_length != 3:
        return 0
    memset(wanted, 0, sizeof(wanted))
    memcpy(wanted, plate, plate_length)
    memset(wanted_type, 0, sizeof(wanted_type))
    if type_length:
        memcpy(wanted_type, type, type_length)
    at = _bound(file, wanted, PLATE_CHARACTERS, False)
    while at < file.n_rows and memcmp(file.rows[at].plate, wanted, PLATE_CHARACTERS) == 0:
        if not _verify(file, at):
            return PLATE_DAMAGED
        if memcmp(file.rows[at].country, country, 3) == 0 and (
                type_length == 0 or memcmp(file.rows[at].type, wanted_type, 3) == 0):
            return 1
        at += 1
    return 0


def plate_fits(str pattern, str plate, /):
    cdef bytes p = pattern.encode(), t = plate.encode()
    return bool(_fits(p, len(p), t, len(t)))


cdef str _plate_text(const PlateRow* row):
    """"P-123BCD|GTM"; bytes that are no ASCII come as "?"."""
    cdef bytes text = (<const char*>row.plate)[:16]
    return ((text[10:13].rstrip(b"\0") or b"?") + b"-" + text[:10].rstrip(b"\0") + b"|" + text[13:16]).decode("ascii", "replace")


def read_plates(bytes data, str pattern, str type, str make, str colour, int model_year, int misreads=0, /):
    cdef PlatesFile plates
    cdef PlateScan scan
    cdef const PlateRow* row
    cdef int status
    cdef bytes p = pattern.encode(), t = type.encode(), m = make.encode(), c = colour.encode()
    cdef const char* why = plates_open(&plates, <const uint8_t*><char*>data, len(data))
    if why != NULL:
        raise ValueError(why.decode())
    if plate_scan(&plates, &scan, p, len(p), t, len(t), m, len(m), c, len(c), model_year) < 0:
        raise ValueError("a pattern of 1 to 16 characters is wanted")
    if misreads:
        plate_scan_misread(&scan, misreads)
    found = []
    while True:
        status = plate_next(&scan, &row)
        if status == PLATE_END:
            return found
        if status == PLATE_DAMAGED:
            raise ValueError("a block is damaged")
        found.append((_plate_text(row), row.entity))
