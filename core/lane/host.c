/* What the connections share: bounds with their defaults, the library's callbacks, the store of streams. */
#include "host.h"

#include <stdlib.h>
#include <string.h>

#include "frames.h"
#include "stream.h"

static const int64_t MS = 1000000;

/* What a connection holds over TLS that asks nothing, and some more: as many as may be leave the calls their 256 MiB. */
enum { IDLE_BYTES = 48 * 1024 };

static uint32_t or_default(uint32_t given, uint32_t fallback) { return given != 0 ? given : fallback; }
static size_t size_or_default(size_t given, size_t fallback) { return given != 0 ? given : fallback; }

static Bounds bounds_of(const LaneSettings *settings) {
    return (Bounds){
        .max_streams = or_default(settings->max_streams, 128),
        .connection_budget = size_or_default(settings->connection_budget, 1 << 20),
        .total_budget = size_or_default(
            settings->total_budget, (256u << 20) + (size_t)or_default(settings->max_connections, 1024) * IDLE_BYTES),
        .max_request = size_or_default(settings->max_request, 16384),
        .max_metadata = size_or_default(settings->max_metadata, 8192),
        .idle_ns = or_default(settings->idle_ms, 300000) * MS,
        .handshake_ns = or_default(settings->handshake_ms, 10000) * MS,
        .stall_ns = or_default(settings->stall_ms, 10000) * MS,
        .default_deadline_ns = or_default(settings->default_deadline_ms, 5000) * MS,
        .age_ns = settings->age_ms * MS,
    };
}

int host_begin(Host *host, const LaneSettings *settings, const LaneCallbacks *callbacks, LaneCounters *counters) {
    memset(host, 0, sizeof *host);
    host->bounds = bounds_of(settings);
    host->callbacks = *callbacks;
    host->counters = counters;
    host->http2_callbacks = frame_callbacks();
    host->http2_options = frame_options();
    if (host->http2_callbacks != NULL && host->http2_options != NULL) return 0;
    host_end(host);
    return -1;
}

void host_end(Host *host) {
    for (Stream *stream = host->free_streams, *next; stream != NULL; stream = next) {
        next = stream->next;
        free(stream);
    }
    host->free_streams = NULL;
    nghttp2_session_callbacks_del(host->http2_callbacks);
    nghttp2_option_del(host->http2_options);
    tickets_end(&host->tickets);
    free(host->reply.message);
    host->reply.message = NULL;
}

int lane_reply_room(LaneReply *reply, size_t size) {
    if (size <= reply->message_capacity && reply->message != NULL) return 0;
    size_t capacity = reply->message_capacity ? reply->message_capacity : 4096;
    if (size > SIZE_MAX / 2) return -1;
    while (capacity < size) capacity *= 2;
    uint8_t *message = realloc(reply->message, capacity);
    if (message == NULL) return -1;
    reply->message = message;
    reply->message_capacity = capacity;
    return 0;
}
