# names.bin: every name on file, to be found by how it may be written, read or heard.
#
#   +----------------------+ 0
#   | FileHeader           |  64 bytes, see core/files/layout.pxd
#   +----------------------+ 64
#   | rows                 |  a block for each ordinal, at a multiple of 2: what is known of one person
#   +----------------------+
#   | lists                |  for each token, the ordinals that hold it
#   +----------------------+ at a multiple of 8
#   | uint32 rows_at[]     |  place of each ordinal's block, in units of 2 bytes from the start of the rows; one more for the end
#   +----------------------+ at a multiple of 8 = FileTrailer.table: from here on all is under one checksum, verified on opening
#   | TokenEntry[]         |  by token id
#   | TokenBrief[]         |  by token id
#   | texts                |  letters of the tokens, one byte each (N with tilde: 0xD1)
#   | uint32 buckets[]     |  2^bucket_bits + 1: where each bucket of terms starts
#   | uint32 terms[]       |  fingerprint << 22 | token id
#   | uint32 strays[]      |  entities of the ordinals from n_entities on
#   | uint32 years[]       |  first ordinal with an ordering year of at least YEAR_FIRST + place
#   | uint8 classes[][2]   |  section and sensitivity of each class of rows
#   | NamesTables          |  where all that is
#   +----------------------+
#   | FileTrailer          |  64 bytes
#   +----------------------+ end
#
# Ordinals. Ordinal n < n_entities is entity n, and entities come in order of the year of birth that the generation
# orders them by, unknown first: "born 1984 to 1986" is a range of ordinals. A person is a *stray* if a caller may see
# another year of birth than that, another day of it, or none. A stray's block at its own ordinal is empty, and stands
# at an ordinal of its own behind all others. A question with years looks at three stretches: unknown years, the years
# asked, strays.
#
# A block: uint32 checksum (low half of XXH3_64 of the rest, seed = ordinal), then its rows, one for each claim that differs, or nothing:
#   uint8 head (NAME_ROW_*), uint8 class, 3 bytes birth (year << 9 | month << 5 | day), 3 bytes facts (sex | department of birth << 2
#   | of residence << 7 | municipality of birth << 12), then for each token 3 bytes (id | role << 22). A row of NAME_ROW_SAME has the
#   tokens of the row before it, and no bytes of its own for them.
#
# Token ids 0 to 3 are no tokens: their lists are of the ordinals with a name of one, two, three tokens, surnames of husbands not
# counted, and of those with a name in which a sound comes twice.
#
# A list: one block of up to 256 ordinals (the first as a varint, each further one as a varint of the difference), or
# SkipEntry[ceil(count / 256)] and then the blocks, or, of a token that one ordinal in 128 or more holds, one bit an ordinal, in
# pages of 2,048 bytes with uint32 checksums of the pages after them. Everything has a checksum that is verified when it is entered;
# pages only when a process first enters them: common names would spend a quarter of a search on them.

from libc.stddef cimport size_t
from libc.stdint cimport int16_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.machine.xxhash cimport XXH3_64bits

cdef enum:
    YEAR_FIRST = 1800            # years before count as the first, later ones than the last as the last
    YEARS = 320
    TOKEN_ID_BITS = 22
    TOKEN_ID_MASK = 0x3FFFFF
    TOKENS_ON_FILE_MAX = 0x3FFFFF
    SHORT_LISTS = 3              # token ids 0 to 2: names of one, two and three tokens
    REPEATED_LIST = 3
    FIRST_TOKEN = 4
    LIST_BLOCK = 256             # ordinals a block
    DENSE_SHARE = 128            # a list of a bit an ordinal is of at least one in so many: as fast to read as the deltas then
    DENSE_PAGE = 2048            # bytes, 16,384 ordinals
    ROWS_MAX = 250               # of one person; the rest is left out

cdef enum:                       # head of a row
    NAME_ROW_TOKENS = 0x1F       # how many, 0 to 16, or
    NAME_ROW_SAME = 0x1F         # those of the row before
    NAME_ROW_GUESSED = 0x20      # NameShape.roles_guessed
    NAME_ROW_IDENTITY = 0x40     # an identity claim
    NAME_ROW_DEAD = 0x80         # that holds a death
    NAME_ROW_BYTES = 8           # of a row before its tokens
    NAME_ROW_TOKENS_MAX = 16

cdef packed struct SkipEntry:
    uint32_t first               # its first ordinal
    uint32_t offset              # of its bytes, from the end of the skip table
    uint32_t checksum            # low half of XXH3_64 of its bytes

cdef packed struct TokenEntry:   # 32 bytes
    uint64_t offset              # of its list, from the start of the file
    uint32_t length              # bytes of the list
    uint32_t count               # ordinals
    uint32_t persons             # persons that hold a token of its sound (phonetic key) in a claim of sensitivity OPEN
    uint32_t text                # place in the texts
    uint32_t checksum            # low half of XXH3_64: of the skip table, of the page checksums, or of a lone block
    uint8_t text_length
    uint8_t dense                # 1 = a bit an ordinal
    uint16_t reserved

cdef packed struct TokenBrief:   # what scoring wants, close together
    int16_t bits                 # information of its sound, hundredths of a bit; BITS_UNKNOWN when no OPEN claim holds it
    uint8_t length               # letters
    uint8_t initial              # first letter

cdef packed struct NamesTables:
    uint64_t rows_size           # bytes from the header on
    uint64_t rows_at
    uint64_t tokens
    uint64_t briefs
    uint64_t texts
    uint64_t texts_size
    uint64_t buckets
    uint64_t terms
    uint64_t strays
    uint64_t years
    uint64_t classes
    uint32_t n_tokens
    uint32_t bucket_bits
    uint32_t n_terms
    uint32_t n_entities
    uint32_t n_strays
    uint32_t n_classes
    uint32_t population          # persons with a name in a claim of sensitivity OPEN
    uint32_t ordered             # 0 = entities do not come by year: years say nothing

cdef struct NamesFile:           # names.bin as mapped
    const uint8_t* data
    uint64_t size
    const NamesTables* tables
    const uint32_t* rows_at
    const TokenEntry* tokens
    const TokenBrief* briefs
    const uint8_t* texts
    const uint32_t* buckets
    const uint32_t* terms
    const uint32_t* strays
    const uint32_t* years
    const uint8_t* classes
    uint32_t n_ordinals
    uint32_t* dense_before       # by token id: how many tokens before it have a list of pages
    uint8_t* pages_well          # by page of all those lists: 1 = verified by this process

cdef struct ListCursor:          # plain memory; forward only
    const uint8_t* blocks        # first block; dense: the bits
    const uint8_t* end           # of the list; dense: of the bits
    const SkipEntry* skips       # NULL = one block
    uint8_t* pages_well          # dense: by page
    const uint8_t* at            # within the block entered
    const uint8_t* block_end
    uint32_t n_blocks
    uint32_t count
    uint32_t block               # the block entered, or n_blocks = past the last
    uint32_t left                # ordinals of it yet to come
    uint32_t value               # the last that was read
    bint dense
    bint started

cdef struct NameRow:             # one row, decoded; `tokens` points into the block
    uint8_t head
    uint8_t row_class
    uint16_t birth_year
    uint8_t birth_month
    uint8_t birth_mday
    uint8_t sex
    uint8_t birth_department
    uint8_t residence_department
    uint16_t municipality        # INE code of four digits, 0 = unknown
    uint8_t n_tokens
    const uint8_t* tokens

# Points `names` into a mapped file. NULL = well, else the reason as a static text. What is open is closed by names_close.
cdef const char* names_open(NamesFile* names, const uint8_t* data, uint64_t size) noexcept nogil
# Gives back what names_open took, and holds nobody any more. Harmless twice, or when nothing was opened and all is zero.
cdef void names_close(NamesFile* names) noexcept nogil

# Id of a token by its letters; 0 = not on file.
cdef uint32_t token_find(const NamesFile* names, const uint8_t* letters, size_t length) noexcept nogil
# Ids under a term (core/names/tokens.pxd) into out[cap]; a few of other terms may be among them. Returns how many, at most cap.
cdef int term_tokens(const NamesFile* names, uint64_t term, uint32_t* out, int cap) noexcept nogil
# Asks memory for what term_tokens reads of each of n terms.
cdef void prefetch_terms(const NamesFile* names, const uint64_t* terms, int n) noexcept nogil

# Opens the list of a token id: 0, or -1 = damaged.
cdef int list_open(const NamesFile* names, uint32_t token, ListCursor* cursor) noexcept nogil
# Sets the bits of the ordinals in [start, start + size) in words[size / 64] (size a multiple of 64), and goes on behind them.
# start must rise from call to call. Returns how many it looked at, or -1 = damaged.
cdef int64_t list_bits(const NamesFile* names, ListCursor* cursor, uint32_t start, uint32_t size, uint64_t* words) noexcept nogil

# Rows of an ordinal: start and end of its block. 0, or -1 = damaged.
cdef int rows_open(const NamesFile* names, uint32_t ordinal, const uint8_t** at, const uint8_t** end) noexcept nogil
# The next row of a block: 1, 0 at its end, -1 = damaged. `row` must be zeroed before the first.
cdef int rows_next(const NamesFile* names, const uint8_t** at, const uint8_t* end, NameRow* row) noexcept nogil

# Returns whether the rows of a person, being written, hold this very row with its own tokens.
cdef bint rows_hold(const uint8_t* rows, size_t size, const uint8_t* row, size_t length) noexcept nogil

cdef inline uint32_t ordinal_entity(const NamesFile* names, uint32_t ordinal) noexcept nogil:
    if ordinal < names.tables.n_entities:
        return ordinal
    return names.strays[ordinal - names.tables.n_entities]

cdef inline uint32_t row_token(const NameRow* row, int i, uint8_t* role) noexcept nogil:
    """Token id of a row's token."""
    cdef const uint8_t* at = row.tokens + 3 * i
    cdef uint32_t packed = at[0] | <uint32_t>at[1] << 8 | <uint32_t>at[2] << 16
    role[0] = <uint8_t>(packed >> TOKEN_ID_BITS)
    return packed & TOKEN_ID_MASK

cdef inline int year_place(int year) noexcept nogil:
    """Place of a year in `years`."""
    if year <= YEAR_FIRST:
        return 0
    if year >= YEAR_FIRST + YEARS:
        return YEARS
    return year - YEAR_FIRST

# The hash by which a token's letters are found.
cdef inline uint64_t letters_term(const uint8_t* letters, size_t length) noexcept nogil:
    return XXH3_64bits(letters, length) ^ <uint64_t>0x9E3779B97F4A7C15

# Returns whether every list and every row can be read. Raises MemoryError.
cdef bint names_whole(const NamesFile* names) except -1
