# The lane's transport as Cython sees it: core/lane/lane.h says what each means.

from libc.stddef cimport size_t
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

cdef extern from "lane.h" nogil:
    ctypedef struct Lane:
        pass

    ctypedef struct LaneCounters:
        pass

    ctypedef struct LanePeer:
        uint64_t id
        const uint8_t* certificate
        size_t certificate_size
        char name[64]
        void* session
        uint64_t session_token

    enum:
        LANE_UNKNOWN_METHOD
        LANE_HEALTH_CHECK
        LANE_HEALTH_WATCH
        LANE_ASKED
        LANE_METHOD_UNKNOWN
        LANE_MESSAGE_LARGE
        LANE_METADATA_LARGE
        LANE_DEADLINE_PASSED
        LANE_MEMORY_FULL
        LANE_MESSAGE_LATE
        LANE_TICKET_SECRET
        LANE_REPLIED
        LANE_PARKED
        LANE_COUNTER_COUNT
        LANE_turn

    ctypedef struct LaneCall:
        int method
        int refusal
        const uint8_t* request
        size_t request_size
        const uint8_t* authorization
        size_t authorization_size
        size_t metadata_size
        int64_t arrived_ns
        int64_t deadline_ns
        LanePeer* peer
        uint64_t ticket

    ctypedef struct LaneTrailer:
        const char* name
        size_t name_size
        const char* value
        size_t value_size

    ctypedef struct LaneReply:
        int grpc_status
        uint8_t* message
        size_t message_size
        size_t message_capacity
        const char* text
        size_t text_size
        const uint8_t* details
        size_t details_size
        LaneTrailer trailers[4]
        size_t trailer_count

    ctypedef struct LaneCallbacks:
        void* context
        int (*answer)(void* context, const LaneCall* call, LaneReply* reply) noexcept nogil
        void (*turn)(void* context) noexcept nogil
        void (*gone)(void* context, LanePeer* peer, int why) noexcept nogil
        void (*cancelled)(void* context, uint64_t ticket, int why) noexcept nogil

    ctypedef struct LaneSettings:
        int listener
        int tls
        const char* certificate_pem
        const char* key_pem
        const char* roots_pem
        const uint8_t* ticket_secret
        uint32_t max_connections
        uint32_t max_connections_per_device
        uint32_t max_streams
        size_t connection_budget
        size_t total_budget
        size_t max_request
        size_t max_metadata
        uint32_t idle_ms
        uint32_t handshake_ms
        uint32_t stall_ms
        uint32_t default_deadline_ms
        uint32_t age_ms
        uint32_t poll_us
        int filter

    Lane* lane_new(const LaneSettings* settings, const LaneCallbacks* callbacks, char* why, size_t why_size)
    int lane_run(Lane* lane)
    void lane_free(Lane* lane)
    int lane_finish(Lane* lane, uint64_t ticket, const LaneReply* reply)
    int lane_close_peer(Lane* lane, uint64_t peer_id)
    void lane_health_changed(Lane* lane)
    void lane_drain(Lane* lane, int patience_ms)
    void lane_wake(Lane* lane)
    int lane_reload(Lane* lane, const char* certificate_pem, const char* key_pem, const char* roots_pem, char* why,
                    size_t why_size)
    const LaneCounters* lane_counters(const Lane* lane)
    uint64_t lane_count(const LaneCounters* counters, int counter)
    const char* lane_counter_name(int counter)

cdef extern from "filter.h" nogil:
    int filter_refused()
