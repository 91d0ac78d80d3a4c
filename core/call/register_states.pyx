"""Condition of every register for one grant at one time, without the GIL. Nothing here is for Python."""

from libc.stdint cimport INT64_MAX, INT64_MIN

from core.contract.check_service_fields cimport F_Answer_registers
from core.contract.register cimport (
    REGISTER_ROLE_ALERT, REGISTER_ROLE_IDENTITY, REGISTER_STATE_FRESH, REGISTER_STATE_MISSING, REGISTER_STATE_STALE,
    REGISTER_STATE_WITHHELD,
)
from core.contract.register_fields cimport F_RegisterStatus_roles, F_RegisterStatus_state
from core.contract.section cimport SENSITIVITY_OPEN
from core.identifiers.kinds cimport KEY_CUI
from core.wire cimport (begin_message, buffer_free, buffer_init, buffer_reset, end_message, put_packed_bytes, put_raw,
                        put_uint)


cdef enum:
    ROLES_NEEDED = (1 << REGISTER_ROLE_ALERT) | (1 << REGISTER_ROLE_IDENTITY)
    AHEAD_MS = 900000            # an as-of up to 15 minutes ahead of the clock is now: two clocks differ by so much


cdef void register_states_init(RegisterStates* states) noexcept nogil:
    buffer_init(&states.person)
    buffer_init(&states.vehicle)
    states.from_ms = INT64_MAX  # holds at no time
    states.until_ms = INT64_MIN


cdef void register_states_free(RegisterStates* states) noexcept nogil:
    buffer_free(&states.person)
    buffer_free(&states.vehicle)


cdef void put_register_status(Buffer* out, uint32_t number, const Register* register, uint8_t state,
                              uint32_t roles) noexcept nogil:
    cdef uint8_t packed[8]
    cdef size_t mark, count = 0
    cdef uint8_t role
    mark = begin_message(out, number, 1)
    put_raw(out, register.status, register.status_length)
    put_uint(out, F_RegisterStatus_state, state)
    for role in range(1, 8):
        if (roles >> role) & 1:
            packed[count] = role
            count += 1
    put_packed_bytes(out, F_RegisterStatus_roles, packed, count)
    end_message(out, mark, 1)


cdef uint8_t _state(const Register* register, const GrantMasks* grant, int64_t clock_ms,
                    bint clock_doubtful) noexcept nogil:
    if not register.loaded:
        return REGISTER_STATE_MISSING
    if (register.needed_person | register.needed_vehicle) & ~grant.masks[SENSITIVITY_OPEN]:
        return REGISTER_STATE_WITHHELD
    if register.as_of_ms - clock_ms > AHEAD_MS or register.carried_forward or clock_doubtful:
        return REGISTER_STATE_STALE
    if clock_ms - register.as_of_ms > register.stale_after_ms:
        return REGISTER_STATE_STALE
    return REGISTER_STATE_FRESH


cdef inline void _hold_within(RegisterStates* states, int64_t clock_ms, int64_t flip_ms) noexcept nogil:
    """The states hold on the clock's side of a moment at which one of them changes."""
    if clock_ms < flip_ms:
        states.until_ms = min(states.until_ms, flip_ms)
    else:
        states.from_ms = max(states.from_ms, flip_ms)


cdef void register_states_compute(RegisterStates* states, const Store* store, const GrantMasks* grant,
                                  int64_t clock_ms, bint clock_doubtful) noexcept nogil:
    cdef int i
    cdef uint8_t state
    cdef const Register* register
    states.grant = grant[0]
    states.from_ms = INT64_MIN
    states.until_ms = INT64_MAX
    states.needed_fresh_person = states.needed_fresh_vehicle = True
    states.complete_person = states.complete_vehicle = True
    states.clock_doubtful = clock_doubtful
    states.identified = 0
    states.identity_lost = False
    buffer_reset(&states.person)
    buffer_reset(&states.vehicle)
    for i in range(store.n_registers):
        register = &store.registers[i]
        states.identity_lost = states.identity_lost or register.identifies & 1 << KEY_CUI != 0
        state = states.state[i] = _state(register, grant, clock_ms, clock_doubtful)
        if state == REGISTER_STATE_FRESH or state == REGISTER_STATE_STALE:
            states.identified |= register.identifies
            if not register.carried_forward:
                _hold_within(states, clock_ms, register.as_of_ms - AHEAD_MS)
                _hold_within(states, clock_ms, register.as_of_ms + register.stale_after_ms + 1)
        if state != REGISTER_STATE_FRESH:
            if register.roles_person & ROLES_NEEDED:
                states.needed_fresh_person = False
            if register.roles_vehicle & ROLES_NEEDED:
                states.needed_fresh_vehicle = False
            if register.roles_person:
                states.complete_person = False
            if register.roles_person | register.roles_vehicle:
                states.complete_vehicle = False
        if register.roles_person:
            put_register_status(&states.person, F_Answer_registers, register, state, register.roles_person)
        if register.roles_person | register.roles_vehicle:
            put_register_status(&states.vehicle, F_Answer_registers, register, state,
                                register.roles_person | register.roles_vehicle)
    states.identity_lost = states.identity_lost and not states.identified & 1 << KEY_CUI
    if states.person.failed or states.vehicle.failed:
        states.until_ms = INT64_MIN  # never reused; the copy of a failed buffer is found out by the answer's own buffer
