# Condition of every register for one grant at one time (docs/answers.md section 7), with its bytes ready to copy.
#
# A set of states holds from the last flip (a register turned stale, the clock came near enough to an as-of ahead of it)
# to the next one: its holder need only compare the grant and the clock.

from libc.stdint cimport int64_t, uint8_t, uint32_t

from core.access.grant cimport GrantMasks
from core.generation.store cimport Register, Store
from core.wire cimport Buffer

cdef struct RegisterStates:
    GrantMasks grant
    int64_t from_ms              # holds for from_ms <= clock < until_ms
    int64_t until_ms
    bint clock_doubtful          # no register is FRESH: nobody knows how old any of them is
    uint8_t state[64]            # ronda.v1.RegisterState by ordinal
    bint needed_fresh_person     # every register with role alert or identity for persons is FRESH
    bint needed_fresh_vehicle
    bint complete_person         # every register that an answer about a person lists is FRESH
    bint complete_vehicle
    uint32_t identified          # Register.identifies of the registers that are loaded and not withheld
    bint identity_lost           # registers identify persons by CUI, and none of them is loaded and unmasked
    Buffer person                # Answer.registers of an answer about a person, tags included
    Buffer vehicle

cdef void register_states_init(RegisterStates* states) noexcept nogil
cdef void register_states_free(RegisterStates* states) noexcept nogil
# Computes everything for a grant and a clock.
cdef void register_states_compute(RegisterStates* states, const Store* store, const GrantMasks* grant,
                                  int64_t clock_ms, bint clock_doubtful) noexcept nogil
# A RegisterStatus, written as field `number` of whatever message holds it.
cdef void put_register_status(Buffer* out, uint32_t number, const Register* register, uint8_t state,
                              uint32_t roles) noexcept nogil

cdef inline bint register_states_hold(const RegisterStates* states, int64_t clock_ms, bint clock_doubtful) noexcept nogil:
    return states.from_ms <= clock_ms < states.until_ms and states.clock_doubtful == clock_doubtful
