"""A call of a method that Python answers, held to the same rules as the engine's own."""

from typing import NamedTuple

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport int64_t
from libc.string cimport memset

from core.access.caller cimport Caller
from core.access.grant cimport Grant
from core.access.limits cimport limit_error, limit_is_spent
from core.access.session cimport CALLER_RETIRED, GRANT_NEEDED, caller_flags
from core.call.question cimport Question, malformed, read_context
from core.contract.error cimport ERROR_REASON_MESSAGE_MALFORMED
from core.engine.admission cimport Account, account_enter, account_enter_again, account_init
from core.failure cimport FAILED, OK, Failure, fail, failure_init
from core.wire cimport WIRE_LENGTH, Field, Reader, read_field, reader_init

from core.errors import CallerRetired, GrantNeeded, QuestionError


class Entered(NamedTuple):
    purpose: int
    case_number: bytes
    request_id: bytes
    flags: int
    grant: Grant


cdef int _read_frame(const char* request, size_t size, Question* question, Failure* failure) noexcept nogil:
    """Field 1 of a request, the RequestContext; the rest is not looked at."""
    cdef Reader reader
    cdef Field field
    cdef int status
    memset(question, 0, sizeof(Question))
    reader_init(&reader, request, size)
    while True:
        status = read_field(&reader, &field)
        if status == 0:
            return OK
        if status < 0:
            return malformed(status, "", failure)
        if field.number != 1:
            continue
        if field.wire != WIRE_LENGTH:
            return fail(failure, ERROR_REASON_MESSAGE_MALFORMED, "context", "wrong wire type")
        if read_context(field.data, field.size, question, failure) < 0:
            return FAILED


def enter(Caller caller not None, int method, bytes request not None, int64_t clock_ms, bint counts=True):
    cdef Question question
    cdef Failure failure
    cdef Account account
    cdef const char* data = PyBytes_AS_STRING(request)
    cdef size_t size = PyBytes_GET_SIZE(request)
    cdef int status, sensitivity
    failure_init(&failure)
    account_init(&account, &caller.session, NULL, method, clock_ms, &question)
    status = _read_frame(data, size, &question, &failure)
    if status == OK:
        status = account_enter(&account, data, size, &failure) if counts else account_enter_again(&account, 0, &failure)
    if status == GRANT_NEEDED:
        raise GrantNeeded(question.purpose)
    if status == CALLER_RETIRED:
        raise CallerRetired(question.purpose)
    if limit_is_spent(&failure):
        raise limit_error(&account.verdict, &failure)
    if status != OK:
        raise QuestionError(failure.reason, failure.field.decode(), failure.rule.decode())
    return Entered(question.purpose, question.case_number.data[:question.case_number.size],
                   question.request_id.data[:question.request_id.size],
                   caller_flags(&caller.session, account.given) | account.verdict.flags,
                   Grant([account.given.grant.masks[sensitivity] for sensitivity in range(1, 6)]))
