# plates.bin: every plate borne by a vehicle, now or formerly, sorted, for partial plates.
#
#   +----------------------+ 0
#   | FileHeader           |  64 bytes, see core/files/layout.pxd
#   +----------------------+ 64
#   | PlateRow[]           |  32 bytes a row, by (plate, type, country, entity), bytewise
#   +----------------------+
#   | uint64_t checksum[]  |  XXH3_64 of each 256 rows, verified when a scan enters them
#   +----------------------+
#   | FileTrailer          |  64 bytes
#   +----------------------+ end
#
# A row only filters: the code that shows a vehicle compares the dossier's own plates and registrations.

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

cdef enum:
    PLATE_CHARACTERS = 10        # kept of a plate; Guatemalan ones have six
    PLATE_BLOCK = 256            # rows a checksum
    PLATE_END = 0
    PLATE_FOUND = 1
    PLATE_DAMAGED = -1
    ROW_TEXT = 16                # bytes of a row: plate, type and country

cdef packed struct PlateRow:
    uint8_t plate[10]            # "123BCD", padded with NUL
    uint8_t type[3]              # "P", "TCE"; all NUL = unknown
    uint8_t country[3]           # "GTM"
    uint8_t make[3]              # first three characters of the folded make; all NUL = unknown, or registrations differ
    uint8_t reserved
    uint32_t colours             # core/free_text/vehicles.pxd colour_mask; 0 = unknown, or registrations differ
    uint16_t model_year          # 0 = unknown, or registrations differ
    uint16_t reserved2
    uint32_t entity              # the vehicle

cdef struct PlatesFile:          # plates.bin as mapped
    const uint8_t* data
    uint64_t size
    const PlateRow* rows
    uint64_t n_rows
    const uint64_t* checksums

cdef struct PlateScan:           # plain memory, nothing to free
    const PlatesFile* file
    uint8_t pattern[16]          # what follows the type: characters, ? and *
    uint32_t pattern_length
    uint32_t head                # characters before the first star
    uint32_t tail                # characters after the last star
    uint32_t stars
    int misreads                 # characters that may have been misread, see plate_scan_misread
    int misread                  # of the row returned last
    uint8_t type[3]
    uint32_t type_length         # 0 = any type
    uint8_t make[3]
    uint32_t make_length         # 0 = any make
    uint32_t colours             # 0 = any
    uint32_t model_year          # 0 = any
    uint64_t at                  # next row
    uint64_t end
    uint64_t verified            # rows before this one belong to verified blocks
    bint damaged

# Starts a scan. `pattern` is upper case, without type: "1?3*" (at most 16 bytes). `type` may be empty: any. `make` is
# folded and sifts by its first three characters; `colour` is folded and sifts by the colours that it names; rows that do
# not know pass.
# Returns 0, or -1 for a pattern that is empty or too long.
cdef int plate_scan(const PlatesFile* file, PlateScan* scan, const uint8_t* pattern, size_t pattern_length,
                    const uint8_t* type, size_t type_length, const uint8_t* make, size_t make_length,
                    const uint8_t* colour, size_t colour_length, uint32_t model_year) noexcept nogil
# After plate_scan: rows fit too with as many characters as `misreads` read otherwise (domain: 0/O/D/Q, 1/I/L...), for
# patterns with one star at most. PlateScan.misread tells how many of a row's were.
cdef void plate_scan_misread(PlateScan* scan, int misreads) noexcept nogil
# Characters of a plate that had to be misread for it to fit a pattern; -1 = it does not, with `most` or fewer.
cdef int plate_misread(const uint8_t* pattern, size_t length, const uint8_t* text, size_t n, int most) noexcept nogil
# The next row that fits, in order: PLATE_FOUND, PLATE_END or PLATE_DAMAGED. A vehicle may come several times.
cdef int plate_next(PlateScan* scan, const PlateRow** row) noexcept nogil
# Returns whether any vehicle bears or bore exactly these characters, with this type ("" = any) and country: for
# suggestions. 1, 0, or PLATE_DAMAGED.
cdef int plate_exists(const PlatesFile* file, const uint8_t* plate, size_t plate_length, const uint8_t* type,
                      size_t type_length, const uint8_t* country, size_t country_length) noexcept nogil
# Points `plates` into a mapped file. NULL = well, else the reason as a static text.
cdef const char* plates_open(PlatesFile* plates, const uint8_t* data, uint64_t size) noexcept nogil
