/* A lane's beginning and end, and what other threads ask of it. */
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "connection.h"
#include "filter.h"
#include "loop.h"

static uint32_t or_default(uint32_t given, uint32_t fallback) { return given != 0 ? given : fallback; }

static int64_t smallest(int64_t a, int64_t b) { return a < b ? a : b; }

/* A quarter of the shortest time limit, from 10 ms to a second. */
static int64_t check_every(const Bounds *bounds) {
    int64_t shortest = smallest(smallest(bounds->idle_ns, bounds->handshake_ns), bounds->stall_ns);
    if (bounds->age_ns > 0) shortest = smallest(shortest, bounds->age_ns);
    int64_t quarter = shortest / 4;
    return quarter < 10000000 ? 10000000 : smallest(quarter, 1000000000);
}

static void take_settings(Lane *lane, const LaneSettings *settings) {
    lane->tls = settings->tls != 0;
    lane->filter = settings->filter;
    lane->listener = settings->listener;
    lane->max_connections = or_default(settings->max_connections, 1024);
    lane->max_connections_per_device = or_default(settings->max_connections_per_device, 64);
    lane->max_handshakes = or_default(settings->max_handshakes, (lane->max_connections + 1) / 2);
    lane->max_handshakes_per_address = or_default(settings->max_handshakes_per_address, 64);
    lane->poll_ns = settings->poll_us * INT64_C(1000);
    lane->check_ns = check_every(&lane->host.bounds);
    lane->listener_timer.kind = TIMER_LISTENER;
    lane->drain_timer.kind = TIMER_DRAIN;
}

static int begin_tables(Lane *lane) {
    uint64_t seeds[2];
    if (RAND_bytes((unsigned char *)seeds, sizeof seeds) != 1) return -1;
    return tally_begin(&lane->devices, lane->max_connections + 1u, seeds[0]) != 0 ||
                   tally_begin(&lane->addresses, lane->max_handshakes + 1u, seeds[1]) != 0
               ? -1
               : 0;
}

static int begin_epoll(Lane *lane) {
    lane->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (lane->epoll < 0 || wakes_begin(&lane->wakes) != 0) return -1;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &lane->wakes};
    return epoll_ctl(lane->epoll, EPOLL_CTL_ADD, lane->wakes.event, &event);
}

static int fail(char *why, size_t why_size, const char *what) {
    if (why_size > 0 && why[0] == 0) snprintf(why, why_size, "%s", what);
    return -1;
}

static int begin(Lane *lane, const LaneSettings *settings, const LaneCallbacks *callbacks, char *why, size_t why_size) {
    LaneCounters *counters = settings->counters != NULL ? settings->counters : &lane->own_counters;
    struct timespec now;
    if (settings->listener < 0 || callbacks->answer == NULL) return fail(why, why_size, "a listener and `answer` are needed");
    if (settings->max_request > UINT32_MAX / 4) return fail(why, why_size, "max_request is over 1 GiB");
    if (host_begin(&lane->host, settings, callbacks, counters) != 0) return fail(why, why_size, "no memory");
    take_settings(lane, settings);
    clock_gettime(CLOCK_MONOTONIC, &now);
    lane->host.now_ns = now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
    wheel_begin(&lane->host.wheel, lane->host.now_ns);
    lane->host.wants_turn = lane_wants_turn;
    lane->received = malloc(READ_BYTES + RECORD_BYTES);
    if (lane->received == NULL || begin_tables(lane) != 0) return fail(why, why_size, "no memory");
    if (begin_epoll(lane) != 0) return fail(why, why_size, "no epoll or eventfd");
    int refused = settings->filter ? filter_refused() : 0;
    if (refused != 0) {
        snprintf(why, why_size, "this system lets no thread filter its own system calls (seccomp): %s", strerror(refused));
        return -1;
    }
    if (!lane->tls) return 0;
    if (secure_begin(&lane->secure, settings->ticket_secret) != 0) return fail(why, why_size, "no memory");
    return secure_load(&lane->secure, settings->certificate_pem, settings->key_pem, settings->roots_pem, why, why_size);
}

Lane *lane_new(const LaneSettings *settings, const LaneCallbacks *callbacks, char *why, size_t why_size) {
    Lane *lane = calloc(1, sizeof *lane);
    if (why_size > 0) why[0] = 0;
    if (lane == NULL) {
        fail(why, why_size, "no memory");
        return NULL;
    }
    lane->epoll = lane->wakes.event = -1;
    if (begin(lane, settings, callbacks, why, why_size) == 0) return lane;
    lane->listener = -1; /* still the caller's */
    lane_free(lane);
    return NULL;
}

void lane_free(Lane *lane) {
    if (lane == NULL) return;
    if (lane->listener >= 0) close(lane->listener);
    if (lane->epoll >= 0) close(lane->epoll);
    wakes_end(&lane->wakes);
    secure_end(&lane->secure);
    tally_end(&lane->devices);
    tally_end(&lane->addresses);
    output_end(&lane->plain);
    output_end(&lane->cipher);
    output_end(&lane->staged);
    free(lane->received);
    host_end(&lane->host);
    free(lane);
}

const LaneCounters *lane_counters(const Lane *lane) { return lane->host.counters; }

int lane_finish(Lane *lane, uint64_t ticket, const LaneReply *reply) {
    return wakes_wish(&lane->wakes, WISH_FINISH, ticket, reply);
}

int lane_retry(Lane *lane, uint64_t ticket) { return wakes_wish(&lane->wakes, WISH_RETRY, ticket, NULL); }

int lane_close_peer(Lane *lane, uint64_t peer_id) { return wakes_wish(&lane->wakes, WISH_CLOSE_PEER, peer_id, NULL); }

void lane_health_changed(Lane *lane) {
    __atomic_store_n(&lane->wakes.health_changed, 1, __ATOMIC_RELEASE);
    wakes_signal(&lane->wakes);
}

void lane_drain(Lane *lane, int patience_ms) {
    __atomic_store_n(&lane->wakes.drain_ms, patience_ms < 0 ? 1 : patience_ms < INT32_MAX ? patience_ms + 1 : INT32_MAX, __ATOMIC_RELEASE);
    wakes_signal(&lane->wakes);
}

void lane_wake(Lane *lane) { wakes_signal(&lane->wakes); }

int lane_reload(Lane *lane, const char *certificate_pem, const char *key_pem, const char *roots_pem, char *why, size_t why_size) {
    if (!lane->tls) return fail(why, why_size, "this lane has no TLS");
    if (why_size > 0) why[0] = 0;
    return secure_load(&lane->secure, certificate_pem, key_pem, roots_pem, why, why_size);
}
