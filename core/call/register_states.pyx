"""Condition of every register for one grant at one time, without the GIL. Nothing here is for Python."""

from libc.stdint cimport INT64_MAX, INT64_MIN

from core.contract cimport *
from core.wire cimport (begin_message, buffer_free, buffer_init, buffer_reset, end_message, put_packed_bytes, put_raw,
                        put_uint)


cdef enum:
    ROLES_NEEDED = (1 << REGISTER_ROLE_ALERT) | (1 << REGISTER_ROLE_IDENTITY)


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


cdef int64_t _newest_as_of(const Store* store) noexcept nogil:
    """The latest as-of of the registers loaded, INT64_MIN without any: a clock behind it tells no age."""
    cdef int64_t newest = INT64_MIN
    cdef int i
    for i in range(store.n_registers):
        if store.registers[i].loaded:
            newest = max(newest, store.registers[i].as_of_ms)
    return newest


cdef uint8_t _state(const Register* register, const GrantMasks* grant, int64_t clock_ms,
                    int64_t newest_ms) noexcept nogil:
    if not register.loaded:
        return REGISTER_STATE_MISSING
    if (register.needed_person | register.needed_vehicle) & ~grant.masks[SENSITIVITY_OPEN]:
        return REGISTER_STATE_WITHHELD
    if clock_ms < newest_ms or register.carried_forward or clock_ms - register.as_of_ms > register.stale_after_ms:
        return REGISTER_STATE_STALE
    return REGISTER_STATE_FRESH


cdef void register_states_compute(RegisterStates* states, const Store* store, const GrantMasks* grant,
                                  int64_t clock_ms) noexcept nogil:
    cdef int i
    cdef int64_t flip, newest_ms = _newest_as_of(store)
    cdef uint8_t state
    cdef const Register* register
    states.grant = grant[0]
    states.from_ms = INT64_MIN
    states.until_ms = INT64_MAX
    if clock_ms < newest_ms:
        states.until_ms = newest_ms
    else:
        states.from_ms = newest_ms
    states.needed_fresh_person = states.needed_fresh_vehicle = True
    states.complete_person = states.complete_vehicle = True
    states.identified = 0
    buffer_reset(&states.person)
    buffer_reset(&states.vehicle)
    for i in range(store.n_registers):
        register = &store.registers[i]
        state = states.state[i] = _state(register, grant, clock_ms, newest_ms)
        if state == REGISTER_STATE_FRESH or state == REGISTER_STATE_STALE:
            states.identified |= register.identifies
            flip = register.as_of_ms + register.stale_after_ms + 1
            if not register.carried_forward:
                if clock_ms < flip:
                    states.until_ms = min(states.until_ms, flip)
                else:
                    states.from_ms = max(states.from_ms, flip)
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
    if states.person.failed or states.vehicle.failed:
        states.until_ms = INT64_MIN  # never reused; the copy of a failed buffer is found out by the answer's own buffer
