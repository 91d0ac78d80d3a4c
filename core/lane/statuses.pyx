"""google.rpc.Status of what the core refuses, written without the GIL."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.stdint cimport uint32_t
from libc.stdio cimport snprintf
from libc.string cimport strlen

from core.access.limits cimport limit_is_spent
from core.contract.error cimport ERROR_REASON_AUDIT_UNAVAILABLE, ERROR_REASON_DOSSIER_DAMAGED, ERROR_REASON_INTERNAL
from core.failure cimport failure_init
from core.wire cimport (
    begin_message, buffer_free, buffer_init, buffer_reset, end_message, put_bytes, put_bytes_if, put_raw,
    put_uint, put_uint_if,
)

cdef enum:                       # field numbers of google/rpc/status.proto, error_details.proto, any.proto, duration.proto
    STATUS_CODE = 1
    STATUS_MESSAGE = 2
    STATUS_DETAILS = 3
    ANY_TYPE = 1
    ANY_VALUE = 2
    INFO_REASON = 1
    INFO_DOMAIN = 2
    INFO_METADATA = 3
    MAP_KEY = 1
    MAP_VALUE = 2
    VIOLATIONS = 1               # of BadRequest and QuotaFailure
    VIOLATION_WHAT = 1           # `field`, `subject`
    VIOLATION_DESCRIPTION = 2
    RETRY_DELAY = 1
    DURATION_SECONDS = 1
    DURATION_NANOS = 2


cdef class StatusTable:
    def __init__(self, rows not None, bytes domain not None):
        self.held = []
        self.domain = domain
        for reason, (code, retryable, name, text) in rows.items():
            if not 0 < reason < REASONS_MAX:
                raise ValueError(f"a reason is a number from 1 to {REASONS_MAX - 1}")
            self.held.append((name, text))
            self.reasons[<int>reason].code = code
            self.reasons[<int>reason].retryable = retryable
            self.reasons[<int>reason].name = PyBytes_AS_STRING(name)
            self.reasons[<int>reason].text = PyBytes_AS_STRING(text)

    def status(self, int reason, *, bytes field=b"", bytes rule=b"", uint32_t count=0, bytes limit=b"",
               uint32_t retry_after_ms=0):
        cdef Failure failure
        cdef LimitVerdict verdict
        cdef Buffer out
        cdef size_t at = 0, size = 0
        cdef int code
        failure_init(&failure)
        failure.reason, failure.count = reason, count
        failure.field, failure.rule = PyBytes_AS_STRING(field), PyBytes_AS_STRING(rule)
        verdict.limit, verdict.retry_after_ms = PyBytes_AS_STRING(limit), retry_after_ms
        buffer_init(&out)
        try:
            code = write_status(self.reasons, PyBytes_AS_STRING(self.domain), &failure, &verdict, &out, &at, &size)
            if code == 0:
                return None
            if out.failed:
                raise MemoryError
            return (code, PyBytes_FromStringAndSize(<char*>out.data + at, <Py_ssize_t>size),
                    PyBytes_FromStringAndSize(<char*>out.data, <Py_ssize_t>out.size))
        finally:
            buffer_free(&out)


cdef void _put_text(Buffer* out, uint32_t number, const char* text) noexcept nogil:
    put_bytes_if(out, number, text, strlen(text))


cdef void _put_said(Buffer* out, const char* rule, const char* count, const char* text) noexcept nogil:
    """The rule with what was counted, or the reason's own text."""
    if rule[0] == 0 and count[0] == 0:
        put_raw(out, text, strlen(text))
        return
    put_raw(out, rule, strlen(rule))
    put_raw(out, count, strlen(count))


cdef void _put_message(Buffer* out, const char* field, const char* rule, const char* count,
                       const char* text) noexcept nogil:
    if field[0]:
        put_raw(out, field, strlen(field))
        put_raw(out, b": ", 2)
    _put_said(out, rule, count, text)


cdef size_t _begin_detail(Buffer* out, const char* type_url, size_t* value) noexcept nogil:
    cdef size_t mark = begin_message(out, STATUS_DETAILS, 1)
    _put_text(out, ANY_TYPE, type_url)
    value[0] = begin_message(out, ANY_VALUE, 1)
    return mark


cdef void _end_detail(Buffer* out, size_t mark, size_t value) noexcept nogil:
    end_message(out, value, 1)
    end_message(out, mark, 1)


cdef void _put_pair(Buffer* out, const char* key, const char* value) noexcept nogil:
    cdef size_t mark = begin_message(out, INFO_METADATA, 1)
    put_bytes(out, MAP_KEY, key, strlen(key))
    put_bytes(out, MAP_VALUE, value, strlen(value))
    end_message(out, mark, 1)


cdef void _put_info(Buffer* out, const ReasonStatus* reason, const char* domain, const char* may_fit) noexcept nogil:
    cdef size_t value
    cdef size_t mark = _begin_detail(out, "type.googleapis.com/google.rpc.ErrorInfo", &value)
    _put_text(out, INFO_REASON, reason.name)
    _put_text(out, INFO_DOMAIN, domain)
    if may_fit[0]:  # ascending by key, as server/errors.py writes a map
        _put_pair(out, "may_fit", may_fit)
    _put_pair(out, "retryable", "true" if reason.retryable else "false")
    _end_detail(out, mark, value)


cdef void _put_violation(Buffer* out, const char* type_url, const char* what, const char* field, const char* rule,
                         const char* count, const char* text) noexcept nogil:
    """A BadRequest or a QuotaFailure of one violation; field: of the message that describes it, "" = none."""
    cdef size_t value, described
    cdef size_t mark = _begin_detail(out, type_url, &value)
    cdef size_t violation = begin_message(out, VIOLATIONS, 1)
    _put_text(out, VIOLATION_WHAT, what)
    described = begin_message(out, VIOLATION_DESCRIPTION, 1)
    _put_message(out, field, rule, count, text)
    end_message(out, described, 1)
    end_message(out, violation, 1)
    _end_detail(out, mark, value)


cdef void _put_retry(Buffer* out, uint32_t retry_after_ms) noexcept nogil:
    cdef size_t value, delay
    cdef size_t mark = _begin_detail(out, "type.googleapis.com/google.rpc.RetryInfo", &value)
    delay = begin_message(out, RETRY_DELAY, 1)
    put_uint_if(out, DURATION_SECONDS, retry_after_ms // 1000)
    put_uint_if(out, DURATION_NANOS, retry_after_ms % 1000 * 1000000)
    end_message(out, delay, 1)
    _end_detail(out, mark, value)


cdef bint _is_ours(const Failure* failure) noexcept nogil:
    """Returns whether Python has to log it, or to supply something."""
    return (failure.reason == ERROR_REASON_AUDIT_UNAVAILABLE or failure.reason == ERROR_REASON_DOSSIER_DAMAGED
            or failure.reason == ERROR_REASON_INTERNAL or failure.generation_length != 0)


cdef int write_status(const ReasonStatus* reasons, const char* domain, const Failure* failure,
                      const LimitVerdict* verdict, Buffer* out, size_t* text_at, size_t* text_size) noexcept nogil:
    cdef const ReasonStatus* reason
    cdef const char* field = failure.field
    cdef const char* rule = failure.rule
    cdef const char* described
    cdef char may_fit[16]
    cdef char counted[20]
    cdef size_t mark
    cdef bint spent = limit_is_spent(failure)
    if not 0 < failure.reason < REASONS_MAX or _is_ours(failure):
        return 0
    reason = &reasons[failure.reason]
    if reason.name == NULL:
        return 0
    may_fit[0] = counted[0] = 0
    if spent:
        field = rule = ""
    elif failure.count:
        snprintf(may_fit, sizeof(may_fit), "%u", failure.count)
        snprintf(counted, sizeof(counted), ": %u", failure.count)
    buffer_reset(out)
    put_uint(out, STATUS_CODE, reason.code)
    mark = begin_message(out, STATUS_MESSAGE, 1)
    _put_message(out, field, rule, counted, reason.text)
    text_size[0] = out.size - mark
    end_message(out, mark, 1)
    text_at[0] = out.size - text_size[0]
    _put_info(out, reason, domain, may_fit)
    if field[0]:
        if rule[0] or counted[0]:
            described = ""
        else:  # no rule is stated: the whole message describes the violation
            described = field
        _put_violation(out, "type.googleapis.com/google.rpc.BadRequest", field, described, rule, counted, reason.text)
    if spent and verdict.limit[0]:
        _put_violation(out, "type.googleapis.com/google.rpc.QuotaFailure", verdict.limit, "", "", "", reason.text)
    if spent:
        _put_retry(out, verdict.retry_after_ms)
    return reason.code
