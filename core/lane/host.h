/* What all connections of a lane share; the loop's thread alone touches it. Knows no socket: the fuzzers stand on it. */
#ifndef RONDA_LANE_HOST_H
#define RONDA_LANE_HOST_H

#include <nghttp2/nghttp2.h>
#include <stddef.h>
#include <stdint.h>

#include "../machine/invariant.h"
#include "lane.h"
#include "tickets.h"
#include "wheel.h"

typedef struct Session Session;
typedef struct Stream Stream;

enum {
    HEADERS_HARD_LIMIT = 65536, /* decoded bytes of a call's headers, as grpcio's absolute_max_metadata_size */
    REFUSAL_TEXT = 2048,        /* bytes of grpc-message before it is encoded */
    REFUSAL_DETAILS = 6144,     /* bytes of details: what their base64 makes of them passes clients' limit of 8 KiB */
    STREAMS_KEPT = 1024,        /* freed streams that are kept to be used again */
    RETAINED_MESSAGE = 1 << 18  /* a larger reply's buffer is given back after it */
};

typedef struct Bounds { /* of LaneSettings, defaults filled in */
    uint32_t max_streams;
    size_t connection_budget, total_budget, max_request, max_metadata;
    int64_t idle_ns, handshake_ns, stall_ns, default_deadline_ns, age_ns;
} Bounds;

typedef struct Host {
    Bounds bounds;
    LaneCallbacks callbacks;
    LaneCounters *counters;
    int64_t now_ns; /* read once a turn */
    Wheel wheel;
    Tickets tickets;
    size_t held;     /* bytes of all sessions */
    LaneReply reply; /* of `answer`; its message buffer is used again */
    Stream *free_streams;
    uint32_t free_stream_count;
    nghttp2_session_callbacks *http2_callbacks;
    nghttp2_option *http2_options;
    void (*wants_turn)(Session *); /* a session has something to send, outside of its own turn; or NULL */
    char text[3 * REFUSAL_TEXT];
    char details[REFUSAL_DETAILS / 3 * 4 + 4];
} Host;

int host_begin(Host *, const LaneSettings *, const LaneCallbacks *, LaneCounters *); /* -1 = no memory */
void host_end(Host *);                                                               /* all sessions are gone */

/* One thread writes: no locked instruction is needed, only that nobody sees half a number. */
static inline void count_add(LaneCounters *counters, LaneCounter counter, uint64_t number) {
    uint64_t old = __atomic_load_n(&counters->value[counter], __ATOMIC_RELAXED);
    __atomic_store_n(&counters->value[counter], old + number, __ATOMIC_RELAXED);
}
static inline void count_one(const Host *host, LaneCounter counter) { count_add(host->counters, counter, 1); }
static inline void count_less(const Host *host, LaneCounter counter) {
    INVARIANT(lane_count(host->counters, counter) > 0, "a counter of the lane would fall below nothing");
    count_add(host->counters, counter, (uint64_t)-1);
}

#endif
