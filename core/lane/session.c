/* A connection's HTTP/2: what the library tells of frames becomes streams; what it wants to send becomes output. */
#include "session.h"

#include <stdlib.h>

#include "memory.h"

enum { GOAWAY_BYTES = 17 };

int session_begin(Session *session, Host *host, int64_t now_ns) {
    session->host = host;
    session->streams = session->ready = session->ready_last = session->in_headers = session->answering = NULL;
    session->control_left = CONTROL_BURST;
    session->control_ns = session->last_stream_ns = session->taken_ns = now_ns;
    session->broken = LANE_turn;
    nghttp2_mem memory = counted_memory(session);
    if (nghttp2_session_server_new3(&session->http2, host->http2_callbacks, session, host->http2_options, &memory) != 0)
        return -1;
    uint32_t window = (uint32_t)host->bounds.max_request + MESSAGE_PREFIX;
    nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, host->bounds.max_streams},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window < 65535 ? 65535 : window},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, HEADERS_HARD_LIMIT},
        {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
    };
    if (nghttp2_submit_settings(session->http2, 0, settings, sizeof settings / sizeof settings[0]) == 0 &&
        nghttp2_session_set_local_window_size(session->http2, 0, 0, 1 << 20) == 0)
        return 0;
    nghttp2_session_del(session->http2);
    session->http2 = NULL;
    return -1;
}

void session_end(Session *session, LaneCounter why) {
    while (session->streams != NULL) stream_free(session->streams, why);
    sound_values_end(session);
    if (session->http2 != NULL) nghttp2_session_del(session->http2);
    session->http2 = NULL;
}

void session_break(Session *session, LaneCounter why, uint32_t code) {
    if (session->broken != LANE_turn) return;
    session->broken = why;
    session->broken_code = code;
}

int session_receive(Session *session, const uint8_t *bytes, size_t size) {
    const Host *host = session->host;
    if (session->broken != LANE_turn) return -1;
    session->since_progress += size;
    /* As many bytes as all streams' whole requests may have, and none has come to its end. */
    size_t all = (size_t)host->bounds.max_streams * (host->bounds.max_request + HEADERS_HARD_LIMIT / 4);
    if (session->since_progress > all)
        session_break(session, LANE_ended_no_progress, NGHTTP2_ENHANCE_YOUR_CALM);
    else {
        nghttp2_ssize taken = nghttp2_session_mem_recv2(session->http2, bytes, size);
        if (taken == NGHTTP2_ERR_FLOODED)
            session_break(session, LANE_ended_control_flood, NGHTTP2_ENHANCE_YOUR_CALM);
        else if (taken == NGHTTP2_ERR_NOMEM)
            session_break(session, LANE_ended_unwell, NGHTTP2_INTERNAL_ERROR);
        else if (taken < 0)
            session_break(session, LANE_ended_protocol, NGHTTP2_PROTOCOL_ERROR);
        if (session->held > 2 * host->bounds.connection_budget)
            session_break(session, LANE_ended_budget, NGHTTP2_ENHANCE_YOUR_CALM);
    }
    return session->broken != LANE_turn ? -1 : 0;
}

/* The last words of a session whose library may not be asked any more. */
static int say_goodbye(Session *session, Output *output) {
    if (session->said_goodbye) return -1;
    session->said_goodbye = 1;
    uint32_t last = (uint32_t)nghttp2_session_get_last_proc_stream_id(session->http2), code = session->broken_code;
    const uint8_t frame[GOAWAY_BYTES] = {
        0, 0, 8, NGHTTP2_GOAWAY, 0, 0, 0, 0, 0,
        (uint8_t)(last >> 24 & 0x7F), (uint8_t)(last >> 16), (uint8_t)(last >> 8), (uint8_t)last,
        (uint8_t)(code >> 24), (uint8_t)(code >> 16), (uint8_t)(code >> 8), (uint8_t)code,
    };
    output_add(output, frame, sizeof frame);
    return -1;
}

/* One answer in many is large; its memory is not kept for the others. */
static void shrink(LaneReply *reply) {
    if (reply->message_capacity <= RETAINED_MESSAGE) return;
    free(reply->message);
    reply->message = NULL;
    reply->message_capacity = 0;
}

/* One call, answered and written at once, while its message still stands where the glue wrote it. */
static int work_on(Session *session, Stream *stream) {
    session->answering = stream;
    stream_answer(stream);
    int failed = session->broken != LANE_turn ? 0 : nghttp2_session_send(session->http2);
    if (session->answering != NULL && stream->state == STREAM_REPLYING && stream_keep_body(stream) != 0)
        session_break(session, LANE_ended_unwell, NGHTTP2_INTERNAL_ERROR);
    session->answering = NULL;
    shrink(&session->host->reply);
    return failed;
}

int session_work(Session *session, Output *output, size_t limit) {
    session->output = output;
    session->output_limit = limit;
    int failed = session->broken != LANE_turn ? 0 : nghttp2_session_send(session->http2);
    while (failed == 0 && session->broken == LANE_turn && session->ready != NULL && output->size < limit &&
           session->unsent <= ANSWERING_LIMIT)
        failed = work_on(session, session->ready);
    if (failed != 0) session_break(session, LANE_ended_unwell, NGHTTP2_INTERNAL_ERROR);
    int over = session->broken != LANE_turn ? say_goodbye(session, output) : 0;
    session->output = NULL;
    return over;
}

int session_is_over(const Session *session) {
    if (session->broken != LANE_turn) return session->said_goodbye;
    return !nghttp2_session_want_read(session->http2) && !nghttp2_session_want_write(session->http2);
}

void session_notice(Session *session) {
    if (session->broken == LANE_turn && nghttp2_submit_shutdown_notice(session->http2) != 0)
        session_break(session, LANE_ended_unwell, NGHTTP2_NO_ERROR);
}

void session_goaway(Session *session) {
    if (session->broken != LANE_turn) return;
    int32_t last = nghttp2_session_get_last_proc_stream_id(session->http2);
    if (nghttp2_submit_goaway(session->http2, 0, last, NGHTTP2_NO_ERROR, NULL, 0) != 0)
        session_break(session, LANE_ended_unwell, NGHTTP2_NO_ERROR);
}

void session_ask_watches(Session *session) {
    for (Stream *stream = session->streams; stream != NULL; stream = stream->next)
        if (stream->state == STREAM_WATCHING) stream_set_ready(stream);
}

void session_end_watches(Session *session) {
    for (Stream *stream = session->streams; stream != NULL; stream = stream->next)
        if (stream->state == STREAM_WATCHING) stream_end_watch(stream, 0);
}

/* Replies go one after the other over a slow link: one of them waits while the others go, but not without end. */
static int is_stalled(const Stream *stream, int64_t stall_ns, int64_t now_ns) {
    if (stream->state == STREAM_WATCHING && stream->body_sent == stream->body_size + MESSAGE_PREFIX) return 0;
    return stream->replied_ns < now_ns - stall_ns &&
           (stream->session->taken_ns < now_ns - stall_ns || stream->replied_ns < now_ns - STALLS_MOST * stall_ns);
}

int session_check(Session *session) {
    const Host *host = session->host;
    int64_t since = host->now_ns - host->bounds.stall_ns;
    for (Stream *stream = session->streams, *next; stream != NULL && session->broken == LANE_turn; stream = next) {
        next = stream->next;
        if (stream->state == STREAM_HEADERS && stream->opened_ns < since)
            session_break(session, LANE_ended_no_progress, NGHTTP2_ENHANCE_YOUR_CALM);
        else if (stream->state == STREAM_MESSAGE && stream->opened_ns < since) stream_is_late(stream);
        else if (stream->state == STREAM_MESSAGE && stream->deadline_ns <= host->now_ns)
            stream_ask(stream, LANE_DEADLINE_PASSED, LANE_refused_deadline);
        else if (stream->state >= STREAM_REPLYING && is_stalled(stream, host->bounds.stall_ns, host->now_ns))
            session_break(session, LANE_ended_stalled, NGHTTP2_ENHANCE_YOUR_CALM);
    }
    return session->broken != LANE_turn ? -1 : 0;
}
