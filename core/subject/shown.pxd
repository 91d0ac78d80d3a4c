# The subjects shown in an answer: one entry for each subject with data that left, gathered while the answer is written.
# The audit record of the answer is made of it (core/audit/log.pxd); nothing of it goes to the client.

from libc.stddef cimport size_t
from libc.stdint cimport uint8_t, uint16_t, uint64_t

from core.audit.record cimport HOW_ASKED, HOW_CANDIDATE, HOW_CLEARANCE, HOW_LISTED, HOW_OWNER, HOW_SUGGESTED
from core.call.memory cimport Call, Hit
from core.generation.view cimport Dossier

cdef enum:
    # ShownEntry.how: the way by which the subject came into the answer, explained in core/audit/record.pxd.
    SHOWN_ASKED = HOW_ASKED
    SHOWN_OWNER = HOW_OWNER
    SHOWN_CANDIDATE = HOW_CANDIDATE
    SHOWN_CLEARANCE = HOW_CLEARANCE
    SHOWN_LISTED = HOW_LISTED
    SHOWN_SUGGESTED = HOW_SUGGESTED

cdef enum:
    # ShownEntry.flags
    SHOWN_DISCREET = 1           # a discreet alert in force is on file for it, seen or not: its owner is notified
    SHOWN_SENSITIVE = 2          # records or alerts of sensitivity DISCREET, MINOR, VICTIM or EXPUNGED left

# 32 bytes, little-endian, as they lie in memory and in the audit record. A subject that came in by two ways (asked for
# and owner) has an entry for each.
cdef packed struct ShownEntry:
    uint8_t subject_id[16]       # raw; the audit log keeps only a keyed hash of it
    uint8_t level                # ronda.v1.Level shown for it, 0 = none was said; SHOWN_CLEARANCE: the ClearanceResult
    uint8_t kind                 # ENTITY_* of core/generation/dossier.pxd
    uint8_t how                  # SHOWN_*
    uint8_t flags                # SHOWN_DISCREET, SHOWN_SENSITIVE
    uint16_t row                 # clearance: place in the batch; owners and candidates: ordinal from 1; else 0
    uint8_t register             # SHOWN_DISCREET: ordinal of the first register with a discreet alert in force; else 0
    uint8_t reserved
    uint64_t sections            # bit (1 << Section) of what left: records, alerts, the claim behind a name

cdef struct Left:                # what of one subject left
    uint64_t sections            # bit (1 << Section)
    bint sensitive               # some of it not OPEN

cdef inline void left_init(Left* left) noexcept nogil:
    left.sections = 0
    left.sensitive = False

cdef inline void left_add(Left* left, uint8_t section, uint8_t sensitivity) noexcept nogil:
    """A record or alert of this section and sensitivity was copied into the answer."""
    left.sections |= <uint64_t>1 << (section & 63)
    if sensitivity > 1:          # OPEN; 0, not stated, counts as OPEN too
        left.sensitive = True

cdef inline const ShownEntry* shown_entries(const Call* call) noexcept nogil:
    return <const ShownEntry*>call.shown.data

cdef inline size_t shown_count(const Call* call) noexcept nogil:
    return call.shown.size // sizeof(ShownEntry)

# A subject joins those shown, or what left of it is added to its entry: same way, same row. Of levels the strongest
# stays. Without memory call.shown.failed is set: the answer must not leave.
cdef void shown_put(Call* call, const Dossier* dossier, uint8_t how, size_t row, uint8_t level,
                    const Left* left) noexcept nogil
# A hit was sent.
cdef void shown_hit(Call* call, const Hit* hit) noexcept nogil
# A subject of one clearance row: always an entry of its own.
cdef void shown_row(Call* call, const Dossier* dossier, size_t row, uint8_t result, const Left* left) noexcept nogil
# Sets the result of a row with the subjects that are the entries from place `start` on.
cdef void shown_row_result(Call* call, size_t start, uint8_t result) noexcept nogil
