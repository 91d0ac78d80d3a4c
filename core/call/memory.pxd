# The working memory of one call. An engine keeps a few and hands each to one call at a time: nothing is allocated on
# the
# way of an answer once its buffers have grown.

from libc.stddef cimport size_t
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy

from core.access.grant cimport GrantMasks, grant_shows
from core.access.neighbours cimport neighbour_code
from core.call.answer_id cimport AnswerIds
from core.call.confirmations cimport Confirmed, ConfirmationTable
from core.call.question cimport Question
from core.call.register_states cimport RegisterStates
from core.failure cimport Failure
from core.free_text.box cimport BOX_TEXT
from core.generation.dossier cimport DossierHeader
from core.generation.levels cimport Levels
from core.generation.store cimport Store
from core.generation.view cimport Dossier
from core.identifiers.rules cimport CANONICAL_MAX
from core.name_index.query cimport NameQuery, NameQuestion
from core.names.keys cimport FOLDED_MAX, NAME_KEY_MAX
from core.names.reading cimport ReadName
from core.wire cimport Buffer

cdef enum:
    COMPARED_MAX = 16            # comparisons of one subject
    SHOWN_MAX = 20               # hits, candidates, closed alerts, records of a section in one answer
    OWNERS_MAX = 10
    FITS_MAX = 30000             # subjects of a search; more are not counted
    ANSWER_MAX = 61440           # bytes: 60 KiB
    OPENED_KEPT = 4              # dossiers that an answer opened last
    STATES_KEPT = 8              # register states kept a call memory: grants that take turns

cdef struct Hit:                 # one alert in force, as this answer shows it
    const uint8_t* stored        # Hit's fields 1 to 13
    uint32_t length
    int32_t ordinal              # of the owner or candidate; else 0
    const DossierHeader* owner   # of the dossier that it stands in
    uint8_t level
    uint8_t subject_kind         # HitSubjectKind
    uint8_t register             # ordinal of its record's register
    uint8_t unlisted_by          # ordinal of the authority that does not list it; NO_REGISTER = none
    uint8_t reported             # NOTE_* of what a document alert means for who is asked about; 0 = none
    uint8_t for_purpose          # NOTE_* of what its kind means for the purpose asked for; 0 = what it always means
    uint32_t closed_elsewhere    # AlertEntry.closed_elsewhere, of a closing later than the authority's as-of; 0 = none
    bint closing_doubted         # it was closed, on a day that cannot be
    bint old                     # an order of so long ago that somebody has to say whether it holds
    uint8_t withdrawn            # ordinal of the authority that had closed it and is withdrawn; NO_REGISTER = none
    uint8_t section              # Section of its records
    uint8_t sensitivity
    uint8_t adolescents          # an adolescent's order of who is not of age
    const Confirmed* confirmed   # what its institution said; NULL = nothing

cdef struct Hits:                # in the order vehicle, plates, person, owners, candidates: then sorted by level
    Hit* items
    size_t count
    size_t capacity
    bint failed                  # out of memory

cdef struct Fit:                 # a subject found
    uint32_t entity
    uint8_t link                 # Level of the question's link to it
    uint8_t names                # Agreement of the names
    uint8_t meant                # all asked names are there, birth date or parents agree, and it lives
    uint8_t certain              # and the names agree
    uint8_t quiet                # a candidate without hits
    uint8_t misread              # characters misread, in a search of vehicles
    uint8_t by_name              # found by name: evidence is set
    uint8_t weak                 # so little of it that its alerts give no colour
    uint8_t alerted              # it has an alert in force
    uint8_t contradicted         # names or birth date DISAGREE
    uint8_t parents              # Agreement of the parents asked; UNKNOWN = none were
    uint8_t unsure               # it fits nothing that was asked: it is there for its alert alone
    uint8_t dead_alike           # it fits wholly by names and birth date, and died
    uint8_t level                # of a candidate: strongest of its alerts in force; 0 = none
    int32_t evidence             # hundredths of a bit
    int32_t names_evidence       # of it, what the names give

cdef struct Fits:                # without repeats, in the order of the answer
    Fit* items
    size_t count
    size_t capacity
    bint failed
    const Levels* levels         # of the Store that the entities are of

cdef struct Compared:            # how one subject compares with the question
    int n
    uint8_t criterion[COMPARED_MAX]
    uint8_t agreement[COMPARED_MAX]
    bint disagrees               # something DISAGREES that raises IDENTIFIERS_DISAGREE
    bint mismatch                # colour or model year seen DISAGREES
    bint supported               # birth date, parents or a further identifier AGREES
    uint8_t names                # Agreement; 0 = not asked
    uint8_t birth
    uint8_t parents

cdef struct Candidate:           # one candidate, ready to be written
    Dossier dossier
    Compared compared
    uint8_t level
    uint8_t status               # IdentityStatus
    bint is_vehicle
    bint summary_visible
    uint8_t summary_section      # Section and Sensitivity of the claim or registration that the summary is of
    uint8_t summary_sensitivity
    int32_t alerts
    int plate                    # index of the IdentifierEntry to show as plate; -1 = none
    int matched_plate            # the same of the one that a search of vehicles found; -1 = none
    uint8_t misread              # Fit's
    bint weak                    # Fit's
    bint by_name                 # found by name: score is set, and
    int matched                  # the claim with the spelling most like what was asked; -1 = none
    double score

cdef struct Presented:           # the own number of a document that the question gives
    uint8_t kind                 # KEY_DOCUMENT or KEY_LICENCE
    uint8_t length
    char text[CANONICAL_MAX]

cdef struct NameKey:
    char text[NAME_KEY_MAX]
    int length                   # 0 = not given

cdef struct Opened:
    uint32_t entity
    const uint8_t* bytes

cdef struct Call:
    const Store* store
    Opened opened[OPENED_KEPT]   # the last dossiers of this answer, verified: finding, comparing and writing ask again
    int n_opened
    int next_opened
    Buffer* out                  # the response
    Failure* failure
    const GrantMasks* grant
    const RegisterStates* states
    int64_t clock_ms
    int32_t today                # day in Guatemala
    bint quick                   # a name that takes long is not looked for: FAILED with put_off
    bint put_off
    bint superseded              # another generation serves by now: no level is said
    uint8_t level                # Answer.level as it was written last; 0 = none is said
    const uint64_t* page_key     # 128 bits, of page tokens
    uint64_t page_mark           # tells it from other keys; 0 = there is none
    const ConfirmationTable* confirmations  # of hits; NULL = none was ever asked for
    uint64_t device              # hashes of who asks, as Session has them; 0 = a bare grant
    uint64_t officer
    int record_limit             # records of a section: 20, fewer when the answer would pass 60 KiB
    int list_limit               # hits, closed alerts, candidates, owners written; 10 and fewer where that does not do
    Question question
    Hits hits
    Fits fits                    # subjects found, `person` or `vehicle` aside
    Candidate* candidates        # PAGE_MAX of them
    int n_candidates
    int weak_alerted             # weak candidates with an alert in force
    uint8_t shown_level          # strongest level that a candidate gives the answer: core/questions/candidates.pyx; 0 = none
    Buffer shown                 # ShownEntry of core/subject/shown.pxd: who left with this answer
    char opened_cui[13]          # the person that a handle opens
    Presented presented[2]       # a document with its country, a licence
    int n_presented
    bint two_bearers             # the person found is one of two under one number: an alert may name the other
    NameKey names                # length 0 = not given
    ReadName asked_name          # of the same name; count 0 = not given
    ReadName asked_father
    ReadName asked_mother
    RegisterStates kept[STATES_KEPT]
    uint64_t view                # Store.view that they are of
    int n_kept
    int next_kept
    AnswerIds ids
    uint8_t answer_id[16]        # of this answer; zeros = it has none
    const uint8_t* given_id      # the one that it is to have; NULL = a new one
    uint8_t again                # AGAIN_* of core/audit/record.pxd, as far as the answer has come
    char asked_key[128]          # what was asked: one byte, then the canonical text, cut at the end
    size_t asked_key_size        # 0 = nothing that can be named
    uint64_t also_asked[8]       # codes of core/access/neighbours.pxd of what else was asked for
    size_t n_also_asked
    int found                    # FOUND_* of core/access/enumeration.pxd
    Buffer asked_rows            # RowAsked of each row of Clear
    NameQuery* name_query        # of the name asked last
    NameQuery* level_query       # the same in a level; NULL = none was looked at yet
    NameQuestion name_question   # and what was asked of it
    uint8_t visible_classes[256]  # of the rows of names.bin
    char folded[FOLDED_MAX]
    char box_text[BOX_TEXT]      # what the one box was read as: question.query then points here
    uint8_t owner_ranks[65536]   # of one vehicle's owners, in stored order: core/questions/vehicle.pyx

cdef Call* call_new() noexcept nogil
cdef void call_free(Call* call) noexcept nogil
# Readies the memory for one answer. `out` is emptied.
cdef void call_begin(Call* call, const Store* store, const GrantMasks* grant, int64_t clock_ms, bint clock_doubtful,
                     Buffer* out, Failure* failure) noexcept nogil
# The dossier of an entity, verified: OK or FAILED with DOSSIER_DAMAGED.
cdef int call_dossier(Call* call, uint32_t entity, Dossier* dossier) noexcept nogil
# Failure for damage outside any dossier; `file` and `why` are static texts.
cdef int call_damaged(Call* call, const char* file, const char* why) noexcept nogil
cdef int call_out_of_memory(Call* call) noexcept nogil
cdef Fit* fits_add(Fits* fits, uint32_t entity, uint8_t link) noexcept nogil
cdef bint fits_hold(const Fits* fits, uint32_t entity) noexcept nogil
# Ascending in the order of a generation, from `start` on: by entity, those of levels among them.
cdef void fits_sort(Fits* fits, size_t start) noexcept nogil
cdef void hits_add(Hits* hits, const Hit* hit) noexcept nogil

cdef inline uint8_t call_level(const Call* call, uint8_t level) noexcept nogil:
    """The level as this answer says it: a page of a generation that was replaced says none."""
    return 0 if call.superseded else level

cdef inline void call_asked(Call* call, uint8_t kind, const char* text, size_t size) noexcept nogil:
    """Notes the question for the audit record: the principal identifier, name or pattern."""
    call.asked_key[0] = <char>kind
    size = min(size, <size_t>127)
    if size:  # an empty text may be NULL
        memcpy(call.asked_key + 1, text, size)
    call.asked_key_size = 1 + size

cdef inline void call_also_asked(Call* call, int kind, const char* text, size_t size) noexcept nogil:
    """Notes a further question, KEY_* or CODE_PATTERN: an enumeration may hide beside a person on file."""
    cdef uint64_t code = neighbour_code(kind, <const uint8_t*>text, size)
    if code and call.n_also_asked < 8:
        call.also_asked[call.n_also_asked] = code
        call.n_also_asked += 1

cdef inline bint call_shows(const Call* call, uint8_t section, uint8_t sensitivity) noexcept nogil:
    return grant_shows(call.grant, section, sensitivity)

cdef inline bint call_wants(const Call* call, uint8_t section) noexcept nogil:
    """Returns whether the request wants the records of a section sent."""
    return call.question.sections == 0 or (call.question.sections >> section) & 1
