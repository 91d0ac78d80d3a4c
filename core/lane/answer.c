/* Between a request and its reply stands the glue: asked, parked, asked again, told when nobody waits any more. */
#include <string.h>

#include "session.h"
#include "stream.h"

static int ask(Stream *stream, LaneReply *reply) {
    Session *session = stream->session;
    Host *host = session->host;
    LaneCall call = {
        .method = stream->method,
        .refusal = stream->refusal,
        .attempt = stream->attempt,
        .request = stream->request,
        .request_size = stream->request_size,
        .metadata_size = stream->metadata_size,
        .metadata_fields = stream->metadata_fields,
        .arrived_ns = stream->arrived_ns,
        .deadline_ns = stream->deadline_ns,
        .peer = &session->peer,
        .ticket = stream->ticket,
    };
    if (stream->refusal == LANE_MESSAGE_LARGE) {
        call.request = NULL;
        call.request_size = stream->message_size;
    }
    if (stream->joined != NULL) {
        call.authorization = (const uint8_t *)stream->joined;
        call.authorization_size = stream->joined_size;
    } else if (stream->authorization != NULL) {
        nghttp2_vec value = nghttp2_rcbuf_get_buf(stream->authorization);
        call.authorization = value.base;
        call.authorization_size = value.len;
    }
    reply->grpc_status = 0;
    reply->message_size = reply->text_size = reply->details_size = reply->trailer_count = 0;
    return host->callbacks.answer(host->callbacks.context, &call, reply);
}

static void park(Stream *stream) {
    Host *host = stream->session->host;
    INVARIANT(stream->state == STREAM_READY && stream->ticket != 0, "a stream is parked that was not ready");
    stream->state = STREAM_PARKED;
    count_one(host, LANE_parked_now);
    if (stream->deadline_ns != INT64_MAX) wheel_set(&host->wheel, &stream->timer, stream->deadline_ns);
}

static void unpark(Stream *stream) {
    Host *host = stream->session->host;
    if (stream->state != STREAM_PARKED) return;
    count_less(host, LANE_parked_now);
    wheel_forget(&host->wheel, &stream->timer);
    stream->state = STREAM_READY;
}

/* What a reply says that cannot be what the glue meant. */
static void mend(const Stream *stream, LaneReply *reply) {
    if (reply->grpc_status < 0 || reply->grpc_status > 16) reply->grpc_status = 13;
    if (stream->refusal != LANE_ASKED && reply->grpc_status == 0) reply->grpc_status = 13;
    if (reply->trailer_count > LANE_TRAILERS) reply->trailer_count = LANE_TRAILERS;
}

/* The present state for who watches: sent where it is another than the last, once that one is gone. */
static void answer_watch(Stream *stream) {
    Session *session = stream->session;
    LaneReply *reply = &session->host->reply;
    stream->attempt++;
    stream->ask_again = 0;
    if (ask(stream, reply) == LANE_PARKED) return;
    mend(stream, reply);
    if (reply->grpc_status != 0) {
        stream_end_watch(stream, reply->grpc_status);
        return;
    }
    if (reply->message_size == stream->body_size &&
        (reply->message_size == 0 || memcmp(reply->message, stream->body, reply->message_size) == 0))
        return;
    if (stream->body_sent < stream->body_size + MESSAGE_PREFIX) {
        stream->ask_again = 1;
        return;
    }
    stream_drop_body(stream);
    stream->body = reply->message;
    stream->body_size = reply->message_size;
    stream->body_sent = 0;
    stream->replied_ns = session->host->now_ns;
    if (stream_keep_body(stream) != 0) stream_end_watch(stream, 8);
    else nghttp2_session_resume_data(session->http2, stream->id);
}

void stream_answer(Stream *stream) {
    Host *host = stream->session->host;
    LaneReply *reply = &host->reply;
    stream_unready(stream);
    if (stream->state == STREAM_WATCHING) {
        answer_watch(stream);
        return;
    }
    if (stream->refusal == LANE_ASKED && stream->deadline_ns <= host->now_ns) {
        stream->refusal = LANE_DEADLINE_PASSED;
        count_one(host, LANE_refused_deadline);
    }
    if (stream->ticket == 0) stream->ticket = ticket_open(&host->tickets, stream);
    if (stream->ticket == 0) {
        stream_refuse(stream, 8, "200", "no memory for the call");
        return;
    }
    if (ask(stream, reply) == LANE_PARKED) {
        if (stream->refusal == LANE_DEADLINE_PASSED) stream_refuse(stream, 4, "200", "the deadline passed");
        else park(stream);
        return;
    }
    mend(stream, reply);
    stream_reply(stream, reply);
}

void stream_retry(Stream *stream) {
    if (stream->state != STREAM_PARKED) return;
    unpark(stream);
    stream->attempt++;
    stream_set_ready(stream);
}

void stream_deadline(Stream *stream) {
    Host *host = stream->session->host;
    if (stream->state == STREAM_WATCHING) {
        stream_end_watch(stream, 4);
        return;
    }
    if (stream->state != STREAM_PARKED) return;
    unpark(stream);
    count_one(host, LANE_refused_deadline);
    if (host->callbacks.cancelled != NULL)
        host->callbacks.cancelled(host->callbacks.context, stream->ticket, LANE_refused_deadline);
    ticket_close(&host->tickets, stream->ticket); /* who still has it ends nothing */
    stream->ticket = 0;
    stream->refusal = LANE_DEADLINE_PASSED;
    stream->attempt++;
    stream_set_ready(stream);
}

/* A call came to its end: what it brought was no flood. */
static void count_end(Session *session, int grpc_status) {
    count_add(session->host->counters, (LaneCounter)(LANE_status_0 + grpc_status), 1);
    session->since_progress = 0;
    session->control_left += CONTROL_A_CALL;
    if (session->control_left > CONTROL_BURST) session->control_left = CONTROL_BURST;
}

void stream_reply(Stream *stream, const LaneReply *reply) {
    Session *session = stream->session;
    unpark(stream);
    INVARIANT(stream->state != STREAM_REPLYING, "a call is answered twice");
    count_end(session, reply->grpc_status);
    int failed = reply->grpc_status == 0 ? stream_submit(stream, reply) : stream_submit_refusal(stream, reply, "200");
    if (failed) session_break(session, LANE_ended_unwell, NGHTTP2_INTERNAL_ERROR);
    if (stream->state == STREAM_WATCHING) return; /* the request is needed again */
    stream_drop_request(stream);
    stream_drop_authorization(stream);
}

void stream_finish(Stream *stream, const LaneReply *given) {
    LaneReply reply = *given;
    mend(stream, &reply);
    stream_reply(stream, &reply);
    if (stream_keep_body(stream) != 0) session_break(stream->session, LANE_ended_unwell, NGHTTP2_INTERNAL_ERROR);
}

void stream_refuse(Stream *stream, int grpc_status, const char *http_status, const char *text) {
    Session *session = stream->session;
    LaneReply reply = {.grpc_status = grpc_status, .text = text, .text_size = strlen(text)};
    unpark(stream);
    count_end(session, grpc_status);
    if (stream_submit_refusal(stream, &reply, http_status) != 0)
        session_break(session, LANE_ended_unwell, NGHTTP2_INTERNAL_ERROR);
    stream_drop_request(stream);
    stream_drop_authorization(stream);
}
