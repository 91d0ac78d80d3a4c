# The question, as the subjects of a file compare with it: identifiers in canonical form, and the names of the question.

from libc.stddef cimport size_t
from libc.stdint cimport uint8_t, uint32_t

from core.call.memory cimport Call
from core.generation.view cimport Dossier
from core.identifiers.rules cimport CANONICAL_MAX, Canonical

cdef enum:
    LOOKUP_MAX = 2048            # entities of one key that are looked at, in memory on the stack

cdef struct AskedIdentifier:
    uint8_t kind                 # KEY_*: of the entries that hold it
    uint8_t lookup               # KEY_* to look it up and compare by (tails, documents without country)
    uint8_t criterion            # Criterion
    uint8_t link                 # Level of the link by it: HIT or POSSIBLE (a cedula: POSSIBLE unless names... agree)
    bint national                # a national identifier: NOT_FOUND and the like raise the level
    bint certain
    bint foreign                 # a foreign document or plate, a document without country: FOUND or UNVERIFIED
    uint32_t identifies          # bit of Register.identifies of the registers that identify it
    bint impossible              # a CUI that breaks its rule, its length too
    bint is_cui                  # a NIT that is a CUI: both are looked up and held
    size_t length
    char text[CANONICAL_MAX]     # canonical, as KEY_* of core/generation/dossier.pxd draws it for lookups
    char type[4]                 # plates: "P"; all NUL = not given
    char shown[CANONICAL_MAX]    # canonical as an officer reads it
    size_t shown_length

# Fills `asked` from a canonical identifier of core.identifiers.canonical (a detected kind, or a typed field).
cdef void asked_from_canonical(AskedIdentifier* asked, const Canonical* canonical) noexcept nogil
# The 13 digits of a CUI, whatever rule they break, or the 12 or 14 of one that lost a digit or has one too many; False when the text is none.
cdef bint asked_from_impossible_cui(AskedIdentifier* asked, const char* text, size_t n) noexcept nogil
# A plate of any country: number, type ("" = unknown), country.
cdef int asked_from_plate(AskedIdentifier* asked, const char* text, size_t n, const char* country,
                          size_t country_n) noexcept nogil

# Returns whether a visible identifier of the dossier is the one asked. identified[0]: a register that identifies its
# kind states it too. For a protected person with hidden telephones no telephone counts (docs/answers.md section 10).
cdef bint asked_held(const Call* call, const Dossier* dossier, const AskedIdentifier* asked, bint* identified) noexcept nogil
# Returns whether a visible identifier of the same kind, but another, is on file (documents: of the same country).
cdef bint another_held(const Call* call, const Dossier* dossier, const AskedIdentifier* asked) noexcept nogil
# Entities under the key of `asked` into entities[LOOKUP_MAX], ascending, without repeats; hash collisions included.
# Returns how many, or -1 with the call's failure.
cdef int asked_lookup(Call* call, const AskedIdentifier* asked, uint32_t* entities) noexcept nogil
