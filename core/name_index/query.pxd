# Finds the persons on file that may bear a name: candidates of names.bin, scored and ranked, without the GIL and
# without opening a dossier.
#
#   1. Each asked token becomes the tokens on file that it may be (core/names/tokens.pxd): equal, sounding alike, nickname, one edit...
#   2. A bitmap for each asked token, of the ordinals that hold one of those; a window of ordinals at a time.
#   3. Candidates: ordinals with three asked tokens; or two with enough evidence to reach POSSIBLE; or two, if a name of two
#      tokens is on file; or one with enough evidence by itself; or any one, if the birth date is nearly the asked one. In
#      years that only a contradicting birth date can have, those with so much more evidence (core/name_index/reaches.pxd).
#   4. Each candidate is scored from its rows by core/names/comparison.pxd, as core.names.comparison.compare scores two persons.
#   5. If a search's page is not full: holders of a rare asked word (core/name_index/holders.pxd).
#
# Not found (documented in docs/names.md, counted by a test): persons with KIND_INITIAL as their only likeness, on either side, or
# two edits in a token of more than sixteen letters.

from libc.stdint cimport int8_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.name_index.file cimport SHORT_LISTS, ListCursor, NamesFile
from core.names.comparison cimport PartialBirth
from core.names.reading cimport SHAPE_TOKENS, NameShape
from core.names.tokens cimport KIND_INITIAL, KIND_NONE, TokenForm

cdef enum:
    WINDOW = 131072              # ordinals looked at at once: 16 KiB a bitmap
    WINDOW_WORDS = WINDOW >> 6
    HELD_MAX = 8000              # tokens on file that the tokens of one question may be
    HELD_SLOTS = 16384            # of the table by which they are found; a power of two
    LISTS_MOST = 4096            # lists that one question reads: tokens on file that its tokens may be
    FORMS_KEPT = 4096            # of tokens on file, from one question to the next; a power of two
    PAIRED_KEPT = 1024           # comparisons of names; a power of two
    SCORED_MAX = 30000           # candidates scored; more are counted, and the question is too broad
    FILLED_MAX = 6000            # candidates of a page that is filled: about 2 ms
    HOLDERS_MOST = 1000          # holders of rare words, of a page that is not full yet: about 0.2 ms
    LOOKED_MAX = 20000000        # ordinals read from lists: about 30 ms
    QUICK_CANDIDATES = 3000      # of a question that must be quick: about 0.5 ms,
    QUICK_LOOKED = 200000        # and 0.5 ms

cdef enum:                       # bitmaps of a window: one an asked token, by its place, then
    BITMAP_SHORT = SHAPE_TOKENS  # SHORT_LISTS of them: names of one, two and three tokens
    BITMAP_REPEATED = SHAPE_TOKENS + SHORT_LISTS  # names in which a sound comes twice: REPEATED_LIST follows the short ones
    BITMAP_CANDIDATES
    BITMAP_STRONG                # the holders of strong lists
    BITMAP_TOLD                  # the holders of anything but an initial
    BITMAP_REACHED               # candidates of one reach
    BITMAPS

cdef enum:
    FILLING = 1400               # hundredths of a bit; further down only one in a thousand is meant: nobody is looked for there,
    FILLED_LEAST = 1700          # but who was looked at is taken, where that is evidence of
    FILLED_TELLING = 300         # so much or more: an exchanged word among three that are equal tells so little

cdef enum:                       # what find_names returns besides 0
    NAMES_TOO_BROAD = 1
    NAMES_LONG = 2               # it would not be quick: nothing is known yet
    NAMES_DAMAGED = -1
    NAMES_MEMORY = -2

cdef enum:                       # NameQuestion.years: the years of birth looked at, where a year is asked
    YEARS_ALL = 0
    YEARS_NEAR = 1               # within one of the asked, and unknown

cdef enum:                       # NameFound.flags
    FOUND_DEAD = 1               # an identity claim holds a death
    FOUND_IDENTITY = 2           # an identity claim is among the visible ones
    FOUND_BIRTH = 4              # years of birth stood on both sides, and the asked one is no filler
    FOUND_COVERED = 8            # every asked token is paired in some visible name that does not disagree
    FOUND_BY_SCORE = 16          # by what agrees it would not fit: its evidence is all there is, `further` counted in
    FOUND_FAR = 32               # years of birth stood on both sides, none within one of the asked
    FOUND_SHARES = 64            # an asked word of more than a letter goes with one of a visible name (shares_word)

cdef struct NameQuestion:
    NameShape shape              # roles and lengths; query_begin sets the bits
    TokenForm forms[SHAPE_TOKENS]
    PartialBirth birth           # what disagrees, names too, costs evidence and rules nobody out
    uint8_t sex                  # ronda.v1 Sex, 0 = not asked
    int years                    # YEARS_*
    int year_from                # years of birth, 0 = open; these, department and municipality sift
    int year_to
    int department               # of birth, 0 = any
    int municipality             # of birth, INE code of four digits, 0 = any
    const uint8_t* visible       # by class of rows; NULL = all
    bint all_years               # what orders persons is hidden from the caller: look at every ordinal
    bint exhaustive              # however many candidates there are, it is not too broad
    int32_t further              # evidence that the caller may yet add (parents), hundredths of a bit
    bint bits_given              # what the asked tokens tell is known: they are looked for in a level (core/questions/level_names.pyx)
    double possible              # score from which somebody fits though not all agrees,
    bint alerts_only             # or the alert score, where that is more
    bint filling                 # who fills a page: evidence down to FILLING, or FILLED_LEAST, below the population's

cdef struct NameFound:
    uint32_t entity
    uint32_t ordinal
    int32_t evidence             # names and attributes, hundredths of a bit
    int32_t names_evidence
    int32_t dated_more           # what the names tell besides, for the birth dates are equal
    uint8_t names                # Agreement, best of the visible claims
    uint8_t comparable           # Agreement, best of the claims that comparisons use
    uint8_t birth                # Agreement, best of those
    uint8_t sex
    uint8_t flags
    uint8_t department           # of birth, first on file; 0
    uint8_t sex_on_file
    uint16_t year                # of birth, first on file; 0
    uint8_t parents              # Agreement, for the caller
    uint64_t order               # among equals: number_order of core/generation/levels.pxd, the entity where there are no levels

cdef struct HeldList:            # a token on file that an asked token may be
    ListCursor cursor
    uint32_t token
    uint8_t asked
    int32_t most                 # evidence that this pair of tokens can give at most
    bint initial                 # the token on file is one letter
    bint strong                  # it tells enough by itself, or with the asked initials: its holders are candidates, whatever else they hold

cdef enum:
    HOPEFUL = 1000000            # PairedRow.most: more than any names give

cdef struct PairedRow:
    uint64_t key
    int32_t most                 # evidence that the names can give at most; HOPEFUL where they may agree or be covered
    int32_t dated_most           # the same where the birth dates are equal
    bint shares                  # FOUND_SHARES
    bint whole                   # the rest was worked out, too
    int32_t evidence
    int32_t dated                # where the birth dates are equal
    uint8_t agreement
    bint covered                 # every asked token is paired

cdef struct NameQuery:           # working memory, kept from one question to the next
    const NamesFile* names
    const uint64_t* masked       # bit an ordinal: nobody; NULL = everybody counts
    const NameQuestion* question
    # tokens on file that some asked token may be: open addressing, then kinds
    uint32_t ids[HELD_SLOTS]
    uint16_t places[HELD_SLOTS]
    uint8_t kinds[HELD_MAX][SHAPE_TOKENS]
    uint8_t known[HELD_MAX]      # the built-in frequencies have it
    TokenForm* forms             # FORMS_KEPT, by id: the common tokens come in question after question
    uint16_t in_lists[HELD_MAX]  # bit (1 << asked): its holders count for that asked token
    int n_held
    HeldList* lists
    int n_lists
    int lists_capacity
    uint64_t* bitmaps            # BITMAPS of WINDOW_WORDS; see bitmap_of
    int32_t most[SHAPE_TOKENS]   # evidence that each asked token can give at most
    bint listed[SHAPE_TOKENS]    # it has a bitmap
    int8_t repeats[SHAPE_TOKENS]  # the earlier asked token of the same sound; -1 = none
    int n_listed
    int n_splits                 # asked tokens that may be two on file
    int n_core                   # asked tokens but surnames of husbands
    int32_t unlisted_most        # evidence that asked initials can give at most
    int32_t birth_most           # evidence that a birth date can give at most
    int32_t attributes_most      # and all else that was asked besides names
    int32_t prior
    int32_t enough               # evidence from which a person is looked for as one who fits by its score,
    int32_t taken                # and from which one who was looked at is taken: no more than that
    bint sharing                 # who shares no word is nobody, whatever else is looked for
    bint quick                   # the caller's wish: rather not at all than slowly
    bint initials                # an asked token is one letter
    NameFound* found
    size_t n_found
    size_t found_capacity
    int64_t candidates           # that the bitmaps gave
    int64_t looked               # ordinals read from lists
    PairedRow paired[PAIRED_KEPT]  # names compared lately: many persons share one
    uint64_t salt                # of this question

cdef inline uint64_t* bitmap_of(const NameQuery* query, int number) noexcept nogil:
    """The bitmap of an asked token, or BITMAP_*."""
    return query.bitmaps + number * WINDOW_WORDS

cdef inline bint shares_word(const NameQuestion* question, int asked, uint8_t kind) noexcept nogil:
    """Returns whether an asked token is a word that goes with one on file, in a kind that always has a list."""
    return KIND_NONE < kind < KIND_INITIAL and question.forms[asked].length > 1
