/* What the lane counts. One thread writes, others read without a lock: relaxed atomics, so no reader sees half a number.
 *
 * `turn` is odd while the loop works and even while it waits in epoll_wait: who waits for borrowed pointers to pass
 * needs an even number once, or another one than before; a turn that stays odd and the same is a loop that is stuck.
 */
#ifndef RONDA_LANE_COUNTERS_H
#define RONDA_LANE_COUNTERS_H

#include <stdint.h>

/* name, what for. Those that end in _now go up and down. */
#define LANE_COUNTERS(_) \
    _(turn, "turns of the loop, twice each") \
    _(connections_now, "open connections") \
    _(handshakes_now, "of these, without a proven certificate yet") \
    _(streams_now, "open streams") \
    _(parked_now, "streams that wait for the glue") \
    _(watches_now, "streams of Health/Watch") \
    _(bytes_held_now, "bytes that connections hold: requests, replies, output, the library's own") \
    _(bytes_read, "from sockets") \
    _(bytes_written, "to sockets") \
    _(accepted, "connections accepted") \
    _(handshakes_full, "TLS handshakes with the whole chain") \
    _(handshakes_resumed, "TLS handshakes by ticket") \
    _(accept_paused, "accept failed for want of descriptors or memory: none for 100 ms") \
    _(drain_cut, "streams that were open when a drain's patience ended") \
    _(refused_connections, "connections over max_connections") \
    _(refused_handshakes, "connections over max_handshakes") \
    _(refused_address, "connections over max_handshakes_per_address") \
    _(ended_by_peer, "connections that the peer closed") \
    _(ended_drained, "by a drain") \
    _(ended_aged, "older than age_ms") \
    _(ended_idle, "without a stream for idle_ms") \
    _(ended_closed, "by lane_close_peer") \
    _(ended_device, "over max_connections_per_device") \
    _(ended_crowded, "no certificate proven when a newcomer needed the place") \
    _(ended_handshake_slow, "no TLS handshake and HTTP/2 preface within handshake_ms") \
    _(ended_handshake_failed, "TLS refused: no or an unknown certificate, an old version, no h2") \
    _(ended_tls, "TLS broken after the handshake, or key updates without end") \
    _(ended_stalled, "output that nobody took for stall_ms") \
    _(ended_budget, "more memory than connection_budget") \
    _(ended_protocol, "HTTP/2 errors that end a connection, rapid reset among them") \
    _(ended_control_flood, "frames that carry no call, too many of them") \
    _(ended_no_progress, "bytes without a call, too many of them") \
    _(ended_header_bomb, "headers larger than any server takes") \
    _(ended_unwell, "sockets that failed, memory that is short, our own defects") \
    _(streams_reset, "streams that the peer reset before their answer") \
    _(streams_closed, "parked streams whose connection ended") \
    _(streams_half, "requests whose end did not come within stall_ms") \
    _(refused_http, "requests that are no gRPC: method, content-type, te; or no HTTP: reset") \
    _(refused_encoding, "compressed requests") \
    _(refused_cardinality, "a piece of a message, or several") \
    _(refused_timeout, "grpc-timeout that is none") \
    _(refused_method, "paths that are not served") \
    _(refused_message, "messages over max_request") \
    _(refused_metadata, "metadata over max_metadata") \
    _(refused_deadline, "deadlines that passed") \
    _(refused_memory, "no room on the connection or in all") \
    _(status_0, "calls by gRPC status") \
    _(status_1, "") \
    _(status_2, "") \
    _(status_3, "") \
    _(status_4, "") \
    _(status_5, "") \
    _(status_6, "") \
    _(status_7, "") \
    _(status_8, "") \
    _(status_9, "") \
    _(status_10, "") \
    _(status_11, "") \
    _(status_12, "") \
    _(status_13, "") \
    _(status_14, "") \
    _(status_15, "") \
    _(status_16, "")

typedef enum LaneCounter {
#define LANE_COUNTER(name, what) LANE_##name,
    LANE_COUNTERS(LANE_COUNTER)
#undef LANE_COUNTER
    LANE_COUNTER_COUNT
} LaneCounter;

typedef struct LaneCounters {
    uint64_t value[LANE_COUNTER_COUNT];
} LaneCounters;

static inline uint64_t lane_count(const LaneCounters *counters, LaneCounter counter) {
    return __atomic_load_n(&counters->value[counter], __ATOMIC_RELAXED);
}

/* The names in the order of LaneCounter, LANE_COUNTER_COUNT of them. */
const char *lane_counter_name(int counter);

#endif
