"""grpc.health.v1 on the loop. Nothing here is for Python."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.string cimport memcmp, strlen

from core.lane.replies cimport fill_reply
from core.lane.transport cimport LANE_ASKED, LANE_HEALTH_WATCH, LaneTrailer
from core.wire cimport WIRE_LENGTH, Buffer, Field, Reader, put_uint, read_field, reader_init, valid_utf8

cdef enum:                       # grpc/health/v1/health.proto
    REQUEST_SERVICE = 1
    RESPONSE_STATUS = 1
    SERVING = 1
    NOT_SERVING = 2
    SERVICE_UNKNOWN = 3
    CODE_NOT_FOUND = 5           # google.rpc.Code
    CODE_RESOURCE_EXHAUSTED = 8


cdef class ShownHealth:
    def __cinit__(self, services not None, bint serving, bytes reason not None, bytes detail not None, malformed):
        cdef bytes name
        if len(services) > SERVICES_MOST:
            raise ValueError("too many services")
        self.held = (tuple(services), reason, detail, malformed)
        for name in self.held[0]:
            self.shown.services[self.shown.n_services].text = PyBytes_AS_STRING(name)
            self.shown.services[self.shown.n_services].size = PyBytes_GET_SIZE(name)
            self.shown.n_services += 1
        self.shown.serving = serving
        self.shown.said[0].text, self.shown.said[0].size = PyBytes_AS_STRING(reason), PyBytes_GET_SIZE(reason)
        self.shown.said[1].text, self.shown.said[1].size = PyBytes_AS_STRING(detail), PyBytes_GET_SIZE(detail)
        fill_reply(&self.shown.malformed, malformed)


cdef bint _read_service(const LaneCall* call, ServiceName* service) noexcept nogil:
    """The service of a HealthCheckRequest, "" = the whole; False when the bytes are no such message."""
    cdef Reader reader
    cdef Field field
    cdef int status
    service.text, service.size = NULL, 0
    reader_init(&reader, call.request, call.request_size)
    while True:
        status = read_field(&reader, &field)
        if status <= 0:
            return status == 0
        if field.number == REQUEST_SERVICE and field.wire == WIRE_LENGTH:
            if not valid_utf8(field.data, field.size):
                return False
            service.text, service.size = <const char*>field.data, field.size


cdef bint _is_served(const HealthShown* health, ServiceName service) noexcept nogil:
    cdef int i
    if service.size == 0:
        return True
    for i in range(health.n_services):
        if (health.services[i].size == service.size
                and memcmp(health.services[i].text, service.text, service.size) == 0):
            return True
    return False


cdef void _trail(const HealthShown* health, LaneReply* reply) noexcept nogil:
    cdef int i
    cdef LaneTrailer* trailer
    for i in range(HEALTH_TRAILERS):
        if health.said[i].size == 0:
            continue
        trailer = &reply.trailers[reply.trailer_count]
        trailer.name = "ronda-reason" if i == 0 else "ronda-detail"
        trailer.name_size = strlen(trailer.name)
        trailer.value, trailer.value_size = health.said[i].text, health.said[i].size
        reply.trailer_count += 1


cdef void put_health(const HealthShown* health, const LaneCall* call, LaneReply* reply) noexcept nogil:
    cdef ServiceName service
    cdef Buffer out
    cdef bint served
    if call.refusal != LANE_ASKED:
        reply.grpc_status, reply.text = CODE_RESOURCE_EXHAUSTED, "the request is larger than the limit"
        reply.text_size = strlen(reply.text)
        return
    if not _read_service(call, &service):
        reply.grpc_status = health.malformed.grpc_status
        reply.text, reply.text_size = health.malformed.text, health.malformed.text_size
        reply.details, reply.details_size = health.malformed.details, health.malformed.details_size
        return
    served = _is_served(health, service)
    if not served and call.method != LANE_HEALTH_WATCH:
        reply.grpc_status, reply.text = CODE_NOT_FOUND, "no such service"
        reply.text_size = strlen(reply.text)
        return
    out.data, out.size, out.capacity, out.failed = reply.message, 0, reply.message_capacity, False
    put_uint(&out, RESPONSE_STATUS, SERVICE_UNKNOWN if not served else SERVING if health.serving else NOT_SERVING)
    reply.message, reply.message_capacity, reply.message_size = out.data, out.capacity, out.size
    reply.grpc_status = CODE_RESOURCE_EXHAUSTED if out.failed else 0
    if call.method != LANE_HEALTH_WATCH:
        _trail(health, reply)
