/* The one message of a unary request: a byte (compressed or not), four of its size, itself; then the stream's end. */
#include <stdlib.h>
#include <string.h>

#include "session.h"
#include "stream.h"

static void refuse(Stream *stream, LaneCounter cause, int status, const char *text) {
    count_one(stream->session->host, cause);
    stream_refuse(stream, status, "200", text);
}

void stream_ask(Stream *stream, int refusal, LaneCounter cause) {
    const Host *host = stream->session->host;
    count_one(host, cause);
    stream->refusal = refusal;
    stream->arrived_ns = host->now_ns;
    stream->state = STREAM_READY;
    stream_set_ready(stream);
}

/* Whose message does not come is refused as whoever asked, not as one whose deadline passed: that may have been long ago. */
void stream_is_late(Stream *stream) {
    const Host *host = stream->session->host;
    stream_drop_request(stream);
    stream->deadline_ns = host->now_ns + host->bounds.default_deadline_ns;
    stream_ask(stream, LANE_MESSAGE_LATE, LANE_streams_half);
}

/* Room for `size` bytes of the request: it grows with what came, not with what the prefix promises. */
static int has_room(Stream *stream, size_t size) {
    if (size <= stream->request_capacity) return 1;
    Session *session = stream->session;
    const Host *host = session->host;
    size_t capacity = stream->request_capacity;
    while (capacity < size) capacity *= 2;
    if (session->held + capacity > host->bounds.connection_budget || host->held + capacity > host->bounds.total_budget)
        return 0;
    uint8_t *request = malloc(capacity);
    if (request == NULL) return 0;
    memcpy(request, stream->request, stream->request_size);
    size_t kept = stream->request_size;
    stream_drop_request(stream);
    stream->request = request;
    stream->request_size = kept;
    stream->request_capacity = capacity;
    session_hold(session, capacity);
    return 1;
}

/* What the prefix says. 0 = the message may come. */
static int read_prefix(Stream *stream) {
    const uint8_t *prefix = stream->prefix;
    stream->message_size = (uint32_t)prefix[1] << 24 | (uint32_t)prefix[2] << 16 | (uint32_t)prefix[3] << 8 | prefix[4];
    if (prefix[0] != 0)
        refuse(stream, LANE_refused_encoding, 13,
               prefix[0] == 1 ? "compressed message without grpc-encoding" : "the message's first byte is neither 0 nor 1");
    else if (stream->message_size > stream->session->host->bounds.max_request)
        stream_ask(stream, LANE_MESSAGE_LARGE, LANE_refused_message);
    else return 0;
    return -1;
}

void stream_data(Stream *stream, const uint8_t *bytes, size_t size) {
    stream->received_size += (int64_t)size;
    if (stream->state != STREAM_MESSAGE || size == 0) return; /* answered already: what still comes is dropped */
    if (stream->prefix_size < MESSAGE_PREFIX) {
        size_t more = MESSAGE_PREFIX - stream->prefix_size;
        if (more > size) more = size;
        memcpy(stream->prefix + stream->prefix_size, bytes, more);
        stream->prefix_size += (uint8_t)more;
        bytes += more;
        size -= more;
        if (stream->prefix_size < MESSAGE_PREFIX || read_prefix(stream) != 0) return;
    }
    if (size == 0) return;
    if (size > stream->message_size - stream->request_size)
        refuse(stream, LANE_refused_cardinality, 12, "several messages: the method takes one");
    else if (!has_room(stream, stream->request_size + size)) {
        stream_drop_request(stream);
        stream_ask(stream, LANE_MEMORY_FULL, LANE_refused_memory);
    } else {
        memcpy(stream->request + stream->request_size, bytes, size);
        stream->request_size += size;
    }
}

/* No message at all is asked as an empty one, as grpcio hands it on. */
void stream_end(Stream *stream) {
    stream->is_ended = 1;
    if (stream->state != STREAM_MESSAGE) return;
    Session *session = stream->session;
    if (stream->declared_size >= 0 && stream->declared_size != stream->received_size)
        stream_reset(stream, NGHTTP2_PROTOCOL_ERROR);
    else if (stream->prefix_size > 0 && (stream->prefix_size < MESSAGE_PREFIX || stream->request_size < stream->message_size))
        refuse(stream, LANE_refused_cardinality, 13, "the message is not whole");
    else {
        stream->arrived_ns = session->host->now_ns;
        stream->state = STREAM_READY;
        stream_set_ready(stream);
    }
}
