/* Streams: taken from the host's store, listed in their session, given back. */
#include "stream.h"

#include <stdlib.h>
#include <string.h>

#include "session.h"

static Stream *take(Host *host) {
    Stream *stream = host->free_streams;
    if (stream == NULL) return malloc(sizeof(Stream));
    host->free_streams = stream->next;
    host->free_stream_count--;
    return stream;
}

/* The session's list holds as many streams as it counts, each of them its own. */
static int is_sound_list(const Session *session) {
    uint32_t count = 0;
    const Stream *previous = NULL;
    for (const Stream *stream = session->streams; stream != NULL; previous = stream, stream = stream->next) {
        if (stream->session != session || stream->previous != previous || ++count > session->stream_count) return 0;
    }
    return count == session->stream_count;
}

static void give_back(Host *host, Stream *stream) {
    if (host->free_stream_count >= STREAMS_KEPT) {
        free(stream);
        return;
    }
    stream->next = host->free_streams;
    host->free_streams = stream;
    host->free_stream_count++;
}

Stream *stream_new(Session *session, int32_t id) {
    Host *host = session->host;
    Stream *stream = take(host);
    if (stream == NULL) return NULL;
    memset(stream, 0, offsetof(Stream, small));
    memset((char *)stream + offsetof(Stream, small) + SMALL_REQUEST, 0,
           sizeof(Stream) - offsetof(Stream, small) - SMALL_REQUEST);
    stream->session = session;
    stream->id = id;
    stream->method = LANE_UNKNOWN_METHOD;
    stream->opened_ns = host->now_ns;
    stream->deadline_ns = INT64_MAX;
    stream->declared_size = -1;
    stream->timer.kind = TIMER_STREAM;
    stream->request = stream->small;
    stream->request_capacity = SMALL_REQUEST;
    stream->next = session->streams;
    if (session->streams != NULL) session->streams->previous = stream;
    session->streams = stream;
    session->stream_count++;
    session_hold(session, sizeof(Stream));
    count_one(host, LANE_streams_now);
    return stream;
}

static void forget_ready(Stream *stream) {
    Session *session = stream->session;
    if (!stream->is_ready) return;
    if (stream->ready_next != NULL) stream->ready_next->ready_previous = stream->ready_previous;
    else session->ready_last = stream->ready_previous;
    if (stream->ready_previous != NULL) stream->ready_previous->ready_next = stream->ready_next;
    else session->ready = stream->ready_next;
    stream->ready_next = stream->ready_previous = NULL;
    stream->is_ready = 0;
}

void stream_set_ready(Stream *stream) {
    Session *session = stream->session;
    if (stream->is_ready) return;
    stream->is_ready = 1;
    stream->ready_next = NULL;
    stream->ready_previous = session->ready_last;
    if (session->ready_last != NULL) session->ready_last->ready_next = stream;
    else session->ready = stream;
    session->ready_last = stream;
}

void stream_reset(Stream *stream, uint32_t code) {
    Session *session = stream->session;
    count_one(session->host, LANE_refused_http);
    if (stream->state < STREAM_PARKED) { /* the others end when the stream is closed */
        forget_ready(stream);
        stream->state = STREAM_REPLYING;
        stream->replied_ns = session->host->now_ns;
    }
    session->control_left -= RESET_COST;
    if (session->control_left < 0) session_break(session, LANE_ended_control_flood, NGHTTP2_ENHANCE_YOUR_CALM);
    else if (nghttp2_submit_rst_stream(session->http2, 0, stream->id, code) != 0)
        session_break(session, LANE_ended_unwell, NGHTTP2_INTERNAL_ERROR);
}

void stream_unready(Stream *stream) { forget_ready(stream); }

void stream_drop_request(Stream *stream) {
    if (stream->request != stream->small) {
        session_release(stream->session, stream->request_capacity);
        free(stream->request);
    }
    stream->request = stream->small;
    stream->request_capacity = SMALL_REQUEST;
    stream->request_size = 0;
}

void stream_drop_body(Stream *stream) {
    if (stream->body_kept != NULL) {
        session_release(stream->session, stream->body_size);
        INVARIANT(stream->session->unsent >= stream->body_size, "a session has fewer unsent bytes than one reply");
        stream->session->unsent -= stream->body_size;
        free(stream->body_kept);
        stream->body_kept = NULL;
    }
    stream->body = NULL;
    stream->body_size = 0;
}

void stream_drop_authorization(Stream *stream) {
    if (stream->authorization != NULL) nghttp2_rcbuf_decref(stream->authorization);
    stream->authorization = NULL;
    if (stream->joined == NULL) return;
    session_release(stream->session, stream->joined_size);
    free(stream->joined);
    stream->joined = NULL;
}

void stream_free(Stream *stream, LaneCounter why) {
    Session *session = stream->session;
    Host *host = session->host;
    INVARIANT(session->stream_count > 0, "a session frees a stream that it does not count");
    INVARIANT_VERIFIED(is_sound_list(session), "a session's list of streams is broken");
    if (stream->state == STREAM_PARKED) {
        count_less(host, LANE_parked_now);
        if (host->callbacks.cancelled != NULL)
            host->callbacks.cancelled(host->callbacks.context, stream->ticket, (int)why);
    }
    if (stream->state == STREAM_WATCHING) count_less(host, LANE_watches_now);
    if (stream->ticket != 0) ticket_close(&host->tickets, stream->ticket);
    wheel_forget(&host->wheel, &stream->timer);
    forget_ready(stream);
    stream_drop_request(stream);
    stream_drop_body(stream);
    stream_drop_authorization(stream);
    free(stream->trailer_block);
    if (stream->next != NULL) stream->next->previous = stream->previous;
    if (stream->previous != NULL) stream->previous->next = stream->next;
    else session->streams = stream->next;
    if (session->answering == stream) session->answering = NULL;
    if (session->in_headers == stream) session->in_headers = NULL;
    if (--session->stream_count == 0) session->last_stream_ns = host->now_ns;
    session_release(session, sizeof(Stream));
    count_less(host, LANE_streams_now);
    give_back(host, stream);
}
