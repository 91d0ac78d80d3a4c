# Writes an outcome as the response of its method.

from libc.stdint cimport int32_t, uint32_t, uint64_t

from core.answer.outcome cimport Outcome, Vehicle
from core.call.memory cimport Call
from core.subject.alerts cimport AlertSum
from core.subject.person cimport Person

# The response of Check, CheckPerson or CheckVehicle. OK or FAILED.
cdef int put_response(Call* call, Outcome* outcome) noexcept nogil
# Answer as field 1.
cdef int put_answer(Call* call, const Outcome* outcome) noexcept nogil
cdef void put_candidates(Call* call, uint32_t number) noexcept nogil
# Field of type string with the 32 digits of a subject id.
cdef void put_subject_id(Call* call, uint32_t number, const unsigned char* subject_id) noexcept nogil
cdef void put_timestamp(Call* call, uint32_t number) noexcept nogil
# Generation id, answer id, time of answer as the three fields from `number` on. OK or FAILED.
cdef int put_proof(Call* call, uint32_t number) noexcept nogil
cdef void put_owner(Call* call, const Vehicle* vehicle, int at) noexcept nogil
