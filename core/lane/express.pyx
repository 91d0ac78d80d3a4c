# distutils: libraries = nghttp2 ssl crypto
# with the C of this folder
"""One loop of the express lane: answers a check where its bytes came in, without Python.

Some calls the loop cannot answer by itself: an unknown caller, a purpose without a policy decision, a slow name, an
answer that waits for the disk. It passes these to Python and goes on; core/lane/waiting.pxd lists them. Python answers
them by the same code as grpcio's (server/lane).
"""

from typing import NamedTuple

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t
from libc.string cimport memset, strerror, strlen

from core.access.caller cimport Caller
from core.access.session cimport CALLER_RETIRED, GRANT_NEEDED, Session
from core.call.memory cimport call_free, call_new
from core.call.question cimport METHOD_CHECK, METHOD_CHECK_VEHICLE
from core.engine.dispatch cimport Asker, Ending, answer_call
from core.engine.entry cimport Engine
from core.failure cimport FAILED, OK
from core.lane.borrowed cimport (
    ronda_load_count, ronda_load_pointer, ronda_look_begin, ronda_look_end, ronda_show_pointer,
)
from core.lane.callers cimport CallerIndex, CallerTable, Known, find_caller, same_bytes
from core.lane.health cimport HealthShown, ShownHealth, put_health
from core.lane.replies cimport fill_reply
from core.lane.statuses cimport write_status
from core.lane.transport cimport (
    filter_refused, LANE_ASKED, LANE_COUNTER_COUNT, LANE_DEADLINE_PASSED, LANE_HEALTH_CHECK, LANE_HEALTH_WATCH, LANE_MEMORY_FULL,
    LANE_MESSAGE_LATE, LANE_METADATA_LARGE, LANE_PARKED, LANE_REPLIED, LANE_TICKET_SECRET, LaneCall, LaneCallbacks, LaneCounters,
    LanePeer, LaneReply, LaneSettings, LANE_turn, lane_close_peer, lane_count, lane_counter_name, lane_counters, lane_drain, lane_finish, lane_free,
    lane_health_changed, lane_new, lane_reload, lane_run, lane_wake,
)
from core.lane.waiting cimport (
    NOTICE_ASKS, NOTICE_CAME, NOTICE_ENDED, NOTICE_NEEDS, NOTICE_ON_DISK, NOTICE_WENT, notices_free, notices_init,
    settle, take_notices, tell, tell_call,
)
from core.wire cimport buffer_free, buffer_init

cdef extern from *:
    """
    #include <time.h>
    static inline long long ronda_lane_clock(clockid_t which) {
        struct timespec now;
        clock_gettime(which, &now);
        return now.tv_sec * 1000000000LL + now.tv_nsec;
    }
    static inline void ronda_count(uint64_t *at, uint64_t more) {
        __atomic_store_n(at, __atomic_load_n(at, __ATOMIC_RELAXED) + more, __ATOMIC_RELAXED);
    }
    static inline uint64_t ronda_counted(const uint64_t *at) { return __atomic_load_n(at, __ATOMIC_RELAXED); }
    """
    int CLOCK_MONOTONIC
    int CLOCK_REALTIME
    int64_t ronda_lane_clock(int which) noexcept nogil
    void ronda_count(uint64_t* at, uint64_t more) noexcept nogil
    uint64_t ronda_counted(const uint64_t* at) noexcept nogil


# ---- the loop's side: without the GIL ----

cdef const Session* _session(CallerIndex* callers, LanePeer* peer, const LaneCall* call) noexcept nogil:
    """Returns the caller's session; NULL = unknown to the loop. The last caller of a connection is remembered with it.
    """
    cdef uint64_t version = ronda_load_count(&callers.version)
    cdef const Known* known = <const Known*>peer.session
    if (known != NULL and peer.session_token == version and known.authorization_size == call.authorization_size
            and same_bytes(known.authorization, call.authorization, call.authorization_size)):
        return known.session
    known = find_caller(callers, peer.certificate, peer.certificate_size, call.authorization,
                        call.authorization_size)
    peer.session, peer.session_token = <void*>known, version
    return known.session if known != NULL else NULL


cdef void _count(Hand* hand, int method, int code, int64_t arrived_ns, const Ending* ending) noexcept nogil:
    cdef int64_t took = ronda_lane_clock(CLOCK_MONOTONIC) - arrived_ns
    cdef int bound = 0
    if not METHOD_CHECK <= method <= METHOD_CHECK_VEHICLE:
        return
    while bound < hand.n_bounds and took > hand.bounds_ns[bound]:
        bound += 1
    ronda_count(&hand.counts.ended[method][code], 1)
    ronda_count(&hand.counts.took[method][bound], 1)
    ronda_count(&hand.counts.nanoseconds[method], <uint64_t>took)
    if code == 0:
        ronda_count(&hand.counts.levels[method][ending.level & (LEVELS_COUNTED - 1)], 1)


cdef int _fixed(Hand* hand, const LaneReply* refusal, const LaneCall* call, LaneReply* reply) noexcept nogil:
    """A refusal that is always the same."""
    reply.grpc_status = refusal.grpc_status
    reply.text, reply.text_size = refusal.text, refusal.text_size
    reply.details, reply.details_size = refusal.details, refusal.details_size
    _count(hand, call.method, reply.grpc_status, call.arrived_ns, NULL)
    return LANE_REPLIED


cdef int _overloaded(Hand* hand, const LaneCall* call, LaneReply* reply) noexcept nogil:
    """More wait for Python than it may keep, or memory is short."""
    ronda_count(&hand.counts.shed, 1)
    return _fixed(hand, &hand.overloaded, call, reply)


cdef int _park(Hand* hand, int kind, const LaneCall* call, LaneReply* reply, int status,
               const Ending* ending, const void* response, size_t response_size) noexcept nogil:
    cdef size_t size = call.request_size if call.refusal == LANE_ASKED else 0
    if size > hand.max_message:  # a byte too much tells as much as all of them
        size = hand.max_message + 1
    if tell_call(&hand.notices, kind, call, size, status, ending, response, response_size) < 0:
        return _overloaded(hand, call, reply)
    return LANE_PARKED


cdef int _refuse(Hand* hand, const LaneCall* call, LaneReply* reply,
                 const Ending* ending) noexcept nogil:
    """Writes the Status of a call that the core refused and recorded; passes it to Python if no Status fits."""
    cdef size_t text_at = 0, text_size = 0
    cdef int code = write_status(hand.reasons, hand.domain, &ending.failure,
                                 &ending.verdict, &hand.details, &text_at, &text_size)
    if code == 0 or hand.details.failed:
        return _park(hand, NOTICE_NEEDS, call, reply, FAILED, ending, NULL, 0)
    reply.grpc_status = code
    reply.message_size = 0
    reply.text, reply.text_size = <const char*>hand.details.data + text_at, text_size
    reply.details, reply.details_size = hand.details.data, hand.details.size
    _count(hand, call.method, code, call.arrived_ns, ending)
    return LANE_REPLIED


cdef int _check(Hand* hand, const LaneCall* call, LaneReply* reply) noexcept nogil:
    cdef const Served* served = <const Served*>ronda_load_pointer(&hand.served)
    cdef const Session* session
    cdef int64_t clock_ms = ronda_lane_clock(CLOCK_REALTIME) // 1000000
    cdef Asker asker
    cdef Ending ending
    cdef Buffer out
    cdef int status
    if served == NULL:
        return _park(hand, NOTICE_ASKS, call, reply, OK, NULL, NULL, 0)
    session = _session(hand.callers, call.peer, call)
    if session == NULL or clock_ms >= session.expires_ms:
        return _park(hand, NOTICE_ASKS, call, reply, OK, NULL, NULL, 0)
    asker.session = session
    asker.grant = NULL
    asker.audit = hand.audit
    asker.quick = True
    asker.serving = NULL
    asker.confirmations = served.confirmations
    asker.past = NULL
    asker.entered = -1
    out.data, out.size, out.capacity, out.failed = reply.message, 0, reply.message_capacity, False
    status = answer_call(served.core, hand.call, call.method, call.request, call.request_size, &asker, clock_ms,
                         &out, &ending)
    reply.message, reply.message_capacity, reply.message_size = out.data, out.capacity, out.size
    if status == OK and not hand.waits:
        reply.grpc_status = 0
        _count(hand, call.method, 0, call.arrived_ns, &ending)
        return LANE_REPLIED
    if status == FAILED:
        return _refuse(hand, call, reply, &ending)
    reply.message_size = 0
    if status == OK:
        return _park(hand, NOTICE_ON_DISK, call, reply, OK, &ending, out.data, out.size)
    if status == GRANT_NEEDED or status == CALLER_RETIRED:  # before limits counted anything: Python begins anew
        return _park(hand, NOTICE_ASKS, call, reply, OK, NULL, NULL, 0)
    return _park(hand, NOTICE_NEEDS, call, reply, status, &ending, NULL, 0)


cdef int _answer(void* context, const LaneCall* call, LaneReply* reply) noexcept nogil:
    cdef Hand* hand = <Hand*>context
    cdef LanePeer* peer = call.peer
    cdef bint much = call.refusal == LANE_METADATA_LARGE or call.metadata_size > hand.max_metadata
    cdef int parked
    reply.grpc_status = 0
    reply.message_size = reply.text_size = reply.details_size = reply.trailer_count = 0
    if call.refusal == LANE_DEADLINE_PASSED:  # Python heard of it before, and ends its work when it hears of the end
        return _fixed(hand, &hand.late, call, reply)
    if call.refusal == LANE_MEMORY_FULL:
        return _overloaded(hand, call, reply)
    if not much and (call.method == LANE_HEALTH_CHECK or call.method == LANE_HEALTH_WATCH):
        if call.refusal == LANE_MESSAGE_LATE:
            return _fixed(hand, &hand.late, call, reply)
        ronda_look_begin(hand.looks)
        put_health(<const HealthShown*>ronda_load_pointer(&hand.health), call, reply)
        ronda_look_end(hand.looks)
        return LANE_REPLIED
    if peer.session_token == 0:
        if tell(&hand.notices, NOTICE_CAME, peer.id, 0, peer.certificate, peer.certificate_size, peer.name,
                strlen(peer.name)) < 0:
            return _overloaded(hand, call, reply)
        peer.session_token = 1  # of no version of the table that is in force
    if (not METHOD_CHECK <= call.method <= METHOD_CHECK_VEHICLE or call.refusal != LANE_ASKED or much
            or call.request_size > hand.max_message):
        return _park(hand, NOTICE_ASKS, call, reply, OK, NULL, NULL, 0)
    if call.deadline_ns <= ronda_lane_clock(CLOCK_MONOTONIC):
        return _fixed(hand, &hand.late, call, reply)
    ronda_look_begin(hand.looks)
    parked = _check(hand, call, reply)
    ronda_look_end(hand.looks)
    return parked


cdef void _gone(void* context, LanePeer* peer, int why) noexcept nogil:
    if peer.session_token != 0:
        tell(&(<Hand*>context).notices, NOTICE_WENT, peer.id, 0, NULL, 0, NULL, 0)


cdef void _cancelled(void* context, uint64_t ticket, int why) noexcept nogil:
    tell(&(<Hand*>context).notices, NOTICE_ENDED, 0, ticket, NULL, 0, NULL, 0)


# ---- Python's side ----

class LoopSettings(NamedTuple):
    listener: int
    certificate: bytes
    key: bytes
    roots: bytes
    ticket_secret: bytes
    max_connections: int
    max_connections_per_device: int
    max_streams: int
    max_transport_message: int
    max_transport_metadata: int
    max_message: int
    max_metadata: int
    idle_ms: int
    handshake_ms: int
    stall_ms: int
    default_deadline_ms: int
    age_ms: int
    poll_us: int


class Ended(NamedTuple):
    code: int
    text: bytes
    details: bytes


class Refusals(NamedTuple):
    overloaded: Ended
    late: Ended
    malformed: Ended


cdef class Loop:
    def __cinit__(self, settings not None, StatusTable statuses not None, refusals not None, AuditLog audit not None,
                  int wake, bounds_s not None, bint waits=False):
        cdef LaneSettings given
        cdef LaneCallbacks callbacks
        cdef char why[256]
        if len(bounds_s) > BOUNDS_MOST:
            raise ValueError("too many bounds of a histogram")
        self.borrowed = Borrowed()
        self.callers = CallerTable(self.borrowed)
        self.statuses, self.audit, self.refusals = statuses, audit, refusals
        self.health = ShownHealth((), False, b"", b"", refusals.malformed)
        if notices_init(&self.hand.notices, wake) < 0:
            raise MemoryError
        self.hand.call = call_new()
        if self.hand.call == NULL:
            raise MemoryError
        buffer_init(&self.hand.details)
        self.hand.looks, self.hand.callers = &self.borrowed.looks, &self.callers.index
        self.hand.reasons, self.hand.domain = statuses.reasons, PyBytes_AS_STRING(statuses.domain)
        self.hand.audit, self.hand.waits, self.hand.health = audit.core, waits, &self.health.shown
        self.hand.max_message, self.hand.max_metadata = settings.max_message, settings.max_metadata
        for bound in bounds_s:
            self.hand.bounds_ns[self.hand.n_bounds] = <int64_t>round(bound * 1e9)
            self.hand.n_bounds += 1
        fill_reply(&self.hand.overloaded, refusals.overloaded)
        fill_reply(&self.hand.late, refusals.late)
        _settings(settings, &given)
        memset(&callbacks, 0, sizeof(callbacks))
        callbacks.context = &self.hand
        callbacks.answer, callbacks.gone, callbacks.cancelled = _answer, _gone, _cancelled
        why[0] = 0
        self.lane = lane_new(&given, &callbacks, why, sizeof(why))
        if self.lane == NULL:
            raise ValueError((<bytes>why).decode("utf-8", "replace"))

    def __dealloc__(self):
        if self.lane != NULL:
            lane_free(self.lane)
        if self.hand.call != NULL:
            notices_free(&self.hand.notices)
        call_free(self.hand.call)
        buffer_free(&self.hand.details)

    def run(self):
        cdef int status
        if self.ran:
            raise RuntimeError("a loop runs once")
        self.ran = True
        with nogil:
            status = lane_run(self.lane)
        return status

    def serve(self, Engine engine):
        cdef _ServedEngine new = None
        cdef void* shown = NULL
        if engine is not None:
            new = _ServedEngine()
            new.engine, new.confirmations = engine, engine.confirmations
            new.served.core = engine.core
            if new.confirmations is not None:
                new.served.confirmations = &new.confirmations.table
            shown = &new.served
        ronda_show_pointer(&self.hand.served, shown)
        self.borrowed.keep(self.serving)
        self.serving = new

    def show_health(self, services not None, bint serving, bytes reason not None, bytes detail not None):
        cdef ShownHealth new = ShownHealth(services, serving, reason, detail, self.refusals.malformed)
        ronda_show_pointer(&self.hand.health, &new.shown)
        self.borrowed.keep(self.health)
        self.health = new
        lane_health_changed(self.lane)

    def admit(self, bytes certificate not None, bytes authorization not None, Caller caller not None):
        self.callers.put(certificate, authorization, caller)

    def forget_callers(self):
        self.callers.forget_all()

    def passed(self):
        return self.borrowed.passed()

    def told(self):
        return take_notices(&self.hand.notices)

    def finish(self, uint64_t ticket, ended not None, bytes response not None=b""):
        cdef LaneReply reply
        cdef int status
        fill_reply(&reply, ended)
        reply.message, reply.message_size = <uint8_t*>PyBytes_AS_STRING(response), PyBytes_GET_SIZE(response)
        settle(&self.hand.notices)
        with nogil:
            status = lane_finish(self.lane, ticket, &reply)
        if status < 0:
            raise MemoryError

    def close_peer(self, uint64_t peer):
        if lane_close_peer(self.lane, peer) < 0:
            raise MemoryError

    def drain(self, int patience_ms):
        lane_drain(self.lane, patience_ms)

    def reload(self, bytes certificate not None, bytes key not None, bytes roots not None):
        cdef char why[256]
        why[0] = 0
        if lane_reload(self.lane, PyBytes_AS_STRING(certificate), PyBytes_AS_STRING(key), _or_none(roots), why,
                       sizeof(why)) < 0:
            raise ValueError((<bytes>why).decode("utf-8", "replace"))

    def wake(self):
        lane_wake(self.lane)

    @property
    def turns(self):
        return lane_count(lane_counters(self.lane), LANE_turn)

    def counters(self):
        cdef const LaneCounters* counters = lane_counters(self.lane)
        cdef int i
        return {lane_counter_name(i).decode(): lane_count(counters, i) for i in range(LANE_COUNTER_COUNT)}

    @property
    def shed(self):
        return ronda_counted(&self.hand.counts.shed)

    def counts(self, int method):
        cdef LaneTally* counts = &self.hand.counts
        cdef int i
        if not METHOD_CHECK <= method <= METHOD_CHECK_VEHICLE:
            raise ValueError("a method that is not counted")
        return (
            [ronda_counted(&counts.ended[method][i]) for i in range(STATUSES_COUNTED)],
            [ronda_counted(&counts.levels[method][i]) for i in range(LEVELS_COUNTED)],
            [ronda_counted(&counts.took[method][i]) for i in range(self.hand.n_bounds + 1)],
            ronda_counted(&counts.nanoseconds[method]) / 1e9,
        )


def filter_fault():
    cdef int error = filter_refused()
    return strerror(error).decode("utf-8", "replace") if error else ""


cdef inline const char* _or_none(bytes text):
    return PyBytes_AS_STRING(text) if PyBytes_GET_SIZE(text) else NULL


cdef int _settings(settings, LaneSettings* given) except -1:
    """Borrows from `settings`."""
    memset(given, 0, sizeof(LaneSettings))
    given.listener = settings.listener
    given.tls = len(settings.certificate) > 0
    given.certificate_pem, given.key_pem = _or_none(settings.certificate), _or_none(settings.key)
    given.roots_pem = _or_none(settings.roots)
    if len(settings.ticket_secret) not in (0, LANE_TICKET_SECRET):
        raise ValueError("ticket_secret has another length")
    given.ticket_secret = <const uint8_t*>_or_none(settings.ticket_secret)
    given.max_connections = settings.max_connections
    given.max_connections_per_device = settings.max_connections_per_device
    given.max_streams = settings.max_streams
    given.max_request, given.max_metadata = settings.max_transport_message, settings.max_transport_metadata
    given.idle_ms, given.handshake_ms, given.stall_ms = settings.idle_ms, settings.handshake_ms, settings.stall_ms
    given.default_deadline_ms, given.age_ms = settings.default_deadline_ms, settings.age_ms
    given.poll_us, given.filter = settings.poll_us, 1
    return 0
