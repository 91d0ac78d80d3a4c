/* Replies as frames: HEADERS, DATA, trailers for an answer; HEADERS alone for a refusal. The message is copied once, from
 * where the glue wrote it to the output; only what the peer's windows hold back is kept. */
#include <stdlib.h>
#include <string.h>

#include "grpc_text.h"
#include "session.h"
#include "stream.h"

enum { FRAME_HEAD = 9, FIXED = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE };

#define FIELD(name, value, value_size, flags) \
    {(uint8_t *)(uintptr_t)(name), (uint8_t *)(uintptr_t)(value), sizeof(name) - 1, (value_size), (flags)}
#define FIXED_FIELD(name, value) FIELD(name, value, sizeof(value) - 1, FIXED)

static const char *const STATUS[] = {"0", "1", "2",  "3",  "4",  "5",  "6",  "7", "8",
                                     "9", "10", "11", "12", "13", "14", "15", "16"};

static nghttp2_nv status_field(int status) {
    nghttp2_nv field = FIELD("grpc-status", STATUS[status], strlen(STATUS[status]), FIXED);
    return field;
}

static size_t trailer_fields(nghttp2_nv *fields, const LaneTrailer *trailers, size_t count) {
    for (size_t i = 0; i < count; i++)
        fields[i] = (nghttp2_nv){(uint8_t *)(uintptr_t)trailers[i].name, (uint8_t *)(uintptr_t)trailers[i].value,
                                 trailers[i].name_size, trailers[i].value_size, NGHTTP2_NV_FLAG_NONE};
    return count;
}

static int submit_trailers(const Stream *stream) {
    nghttp2_nv fields[1 + LANE_TRAILERS];
    fields[0] = status_field(stream->final_status);
    size_t count = 1 + trailer_fields(fields + 1, stream->trailers, stream->trailer_count);
    return nghttp2_submit_trailer(stream->session->http2, stream->id, fields, count);
}

/* The library's read callback: how much may go; the bytes are taken by stream_send_data. */
static nghttp2_ssize next_data(nghttp2_session *http2, int32_t id, uint8_t *unused, size_t length, uint32_t *flags,
                               nghttp2_data_source *source, void *context) {
    (void)http2, (void)id, (void)unused, (void)context;
    Stream *stream = source->ptr;
    size_t left = stream->body_size + MESSAGE_PREFIX - stream->body_sent;
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (left > length) return (nghttp2_ssize)length;
    if (stream->state == STREAM_WATCHING) {
        if (left > 0) return (nghttp2_ssize)left;
        if (stream->ask_again) stream_set_ready(stream);
        return NGHTTP2_ERR_DEFERRED;
    }
    *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
    if (submit_trailers(stream) != 0) return NGHTTP2_ERR_CALLBACK_FAILURE;
    return (nghttp2_ssize)left;
}

int stream_send_data(Stream *stream, const uint8_t *frame_head, size_t size) {
    Session *session = stream->session;
    uint8_t *out = output_room(session->output, FRAME_HEAD + size);
    if (out == NULL) return NGHTTP2_ERR_CALLBACK_FAILURE;
    session_taken(session, size);
    memcpy(out, frame_head, FRAME_HEAD);
    out += FRAME_HEAD;
    session->output->size += FRAME_HEAD + size;
    uint32_t message = (uint32_t)stream->body_size;
    uint8_t prefix[MESSAGE_PREFIX] = {0, (uint8_t)(message >> 24), (uint8_t)(message >> 16), (uint8_t)(message >> 8),
                                      (uint8_t)message};
    while (size > 0 && stream->body_sent < MESSAGE_PREFIX) {
        *out++ = prefix[stream->body_sent++];
        size--;
    }
    if (size == 0) return 0;
    memcpy(out, stream->body + (stream->body_sent - MESSAGE_PREFIX), size);
    stream->body_sent += size;
    return 0;
}

static int keep_trailers(Stream *stream, const LaneReply *reply) {
    size_t size = 0;
    for (size_t i = 0; i < reply->trailer_count; i++)
        size += reply->trailers[i].name_size + reply->trailers[i].value_size;
    char *at = stream->trailer_block = malloc(size + 1);
    if (at == NULL) return -1;
    for (size_t i = 0; i < reply->trailer_count; i++) {
        LaneTrailer trailer = reply->trailers[i];
        memcpy(at, trailer.name, trailer.name_size);
        stream->trailers[i].name = at;
        at += stream->trailers[i].name_size = trailer.name_size;
        if (trailer.value_size > 0) memcpy(at, trailer.value, trailer.value_size);
        stream->trailers[i].value = at;
        at += stream->trailers[i].value_size = trailer.value_size;
    }
    stream->trailer_count = reply->trailer_count;
    return 0;
}

int stream_submit(Stream *stream, const LaneReply *reply) {
    static const nghttp2_nv HEADERS[] = {
        FIXED_FIELD(":status", "200"),
        FIXED_FIELD("content-type", "application/grpc"),
    };
    Session *session = stream->session;
    if (reply->message_size > UINT32_MAX) return -1;
    if (reply->trailer_count > 0 && keep_trailers(stream, reply) != 0) return -1;
    stream->body = reply->message;
    stream->body_size = reply->message_size;
    stream->body_sent = 0;
    stream->final_status = 0;
    stream->replied_ns = session->host->now_ns;
    stream->state = STREAM_REPLYING;
    if (stream->method == LANE_HEALTH_WATCH) {
        Host *host = session->host;
        stream->state = STREAM_WATCHING;
        count_one(host, LANE_watches_now);
        if (stream->deadline_ns != INT64_MAX) wheel_set(&host->wheel, &stream->timer, stream->deadline_ns);
        if (stream_keep_body(stream) != 0) return -1;
    }
    nghttp2_data_provider2 data = {{.ptr = stream}, next_data};
    return nghttp2_submit_response2(session->http2, stream->id, HEADERS, 2, &data);
}

int stream_submit_refusal(Stream *stream, const LaneReply *reply, const char *http_status) {
    Session *session = stream->session;
    Host *host = session->host;
    nghttp2_nv fields[6 + LANE_TRAILERS] = {
        FIELD(":status", http_status, strlen(http_status), FIXED),
        FIXED_FIELD("content-type", "application/grpc"),
        status_field(reply->grpc_status),
    };
    size_t count = 3;
    if (reply->text_size > 0) {
        size_t size = percent_encoded(host->text, sizeof host->text, reply->text, reply->text_size);
        fields[count++] = (nghttp2_nv)FIELD("grpc-message", host->text, size, NGHTTP2_NV_FLAG_NO_INDEX);
    }
    if (reply->details_size > 0 && reply->details_size <= REFUSAL_DETAILS) {
        size_t size = base64_unpadded(host->details, sizeof host->details, reply->details, reply->details_size);
        fields[count++] = (nghttp2_nv)FIELD("grpc-status-details-bin", host->details, size, NGHTTP2_NV_FLAG_NO_INDEX);
    }
    if (stream->is_encoded) fields[count++] = (nghttp2_nv)FIXED_FIELD("grpc-accept-encoding", "identity");
    count += trailer_fields(fields + count, reply->trailers, reply->trailer_count);
    stream->state = STREAM_REPLYING;
    stream->replied_ns = host->now_ns;
    return nghttp2_submit_response2(session->http2, stream->id, fields, count, NULL);
}

void stream_end_watch(Stream *stream, int grpc_status) {
    if (stream->state != STREAM_WATCHING) return;
    count_less(stream->session->host, LANE_watches_now);
    wheel_forget(&stream->session->host->wheel, &stream->timer);
    stream->state = STREAM_REPLYING;
    stream->final_status = grpc_status;
    stream->replied_ns = stream->session->host->now_ns;
    nghttp2_session_resume_data(stream->session->http2, stream->id);
}

int stream_keep_body(Stream *stream) {
    if (stream->body_kept != NULL || stream->body_size == 0) return 0;
    if (stream->body_sent == stream->body_size + MESSAGE_PREFIX && stream->state != STREAM_WATCHING) return 0;
    uint8_t *kept = malloc(stream->body_size);
    if (kept == NULL) return -1;
    memcpy(kept, stream->body, stream->body_size);
    stream->body = stream->body_kept = kept;
    session_hold(stream->session, stream->body_size);
    if (stream->session->unsent == 0) session_waits(stream->session);
    stream->session->unsent += stream->body_size;
    return 0;
}
