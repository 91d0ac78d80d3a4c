/* The library's callbacks: frames and header fields as they come, and what each costs a peer that only wants to cost. */
#include "frames.h"

#include <string.h>

#include "session.h"
#include "stream.h"

/* A frame that carries no call. */
static int charge(Session *session) {
    int64_t earned = (session->host->now_ns - session->control_ns) / (1000000000 / CONTROL_A_SECOND);
    if (earned > 0) {
        session->control_ns = session->host->now_ns;
        session->control_left += earned;
        if (session->control_left > CONTROL_BURST) session->control_left = CONTROL_BURST;
    }
    if (--session->control_left >= 0) return 0;
    session_break(session, LANE_ended_control_flood, NGHTTP2_ENHANCE_YOUR_CALM);
    return NGHTTP2_ERR_CALLBACK_FAILURE;
}

static int on_begin_frame(nghttp2_session *http2, const nghttp2_frame_hd *head, void *context) {
    (void)http2;
    switch (head->type) {
    case NGHTTP2_HEADERS:
    case NGHTTP2_CONTINUATION: return 0;
    case NGHTTP2_DATA: return head->length > 0 || head->flags & NGHTTP2_FLAG_END_STREAM ? 0 : charge(context);
    default: return charge(context);
    }
}

static int on_begin_headers(nghttp2_session *http2, const nghttp2_frame *frame, void *context) {
    Session *session = context;
    session->block_fields = 0;
    session->block_bytes = 0;
    session->block_is_malformed = 0;
    session->in_headers = NULL;
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
    Stream *stream = stream_new(session, frame->hd.stream_id);
    if (stream == NULL) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE; /* RST_STREAM */
    nghttp2_session_set_stream_user_data(http2, frame->hd.stream_id, stream);
    session->in_headers = stream;
    return 0;
}

static int on_header(nghttp2_session *http2, const nghttp2_frame *frame, nghttp2_rcbuf *name, nghttp2_rcbuf *value,
                     uint8_t flags, void *context) {
    (void)http2, (void)frame, (void)flags;
    Session *session = context;
    session->block_bytes += nghttp2_rcbuf_get_buf(name).len + nghttp2_rcbuf_get_buf(value).len + 32;
    if (++session->block_fields > HEADER_FIELDS || session->block_bytes > HEADERS_HARD_LIMIT) {
        session_break(session, LANE_ended_header_bomb, NGHTTP2_ENHANCE_YOUR_CALM);
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    if (session->in_headers == NULL) { /* trailers, which nobody reads */
        nghttp2_vec text = nghttp2_rcbuf_get_buf(name);
        if (!nghttp2_check_header_name(text.base, text.len) || text.base[0] == ':') session->block_is_malformed = 1;
        return 0;
    }
    if (stream_header(session->in_headers, name, value) == 0) return 0;
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

static int on_frame(nghttp2_session *http2, const nghttp2_frame *frame, void *context) {
    Session *session = context;
    if (frame->hd.type == NGHTTP2_SETTINGS) session->settled = 1;
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
    Stream *stream = nghttp2_session_get_stream_user_data(http2, frame->hd.stream_id);
    if (stream == NULL) return 0;
    if (session->in_headers == stream) {
        session->in_headers = NULL;
        stream_headers_end(stream);
    } else if (frame->hd.type == NGHTTP2_HEADERS && (session->block_is_malformed || !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM)))
        stream_reset(stream, NGHTTP2_PROTOCOL_ERROR);
    if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) stream_end(stream);
    return session->broken != LANE_turn ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

/* Windows are opened again by hand. The connection's at once, for dropped bytes too: a stream that is refused holds up no
 * other. A stream's holds a whole message, and who sends more was refused before he may go on; but padding takes of it
 * what the message needs (the library opens it for padding alone, and not before half of it is used). */
static int on_data(nghttp2_session *http2, uint8_t flags, int32_t id, const uint8_t *bytes, size_t size, void *context) {
    (void)context;
    Stream *stream = nghttp2_session_get_stream_user_data(http2, id);
    if (stream != NULL) stream_data(stream, bytes, size);
    if (nghttp2_session_consume_connection(http2, size) != 0) return NGHTTP2_ERR_CALLBACK_FAILURE;
    if (!(flags & NGHTTP2_FLAG_PADDED) || stream == NULL || stream->state != STREAM_MESSAGE) return 0;
    return nghttp2_session_consume_stream(http2, id, size) == 0 ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
}

static int on_stream_close(nghttp2_session *http2, int32_t id, uint32_t code, void *context) {
    (void)code;
    Session *session = context;
    Stream *stream = nghttp2_session_get_stream_user_data(http2, id);
    if (stream == NULL) return 0;
    if (stream->state < STREAM_REPLYING) count_one(session->host, LANE_streams_reset);
    nghttp2_session_set_stream_user_data(http2, id, NULL);
    stream_free(stream, LANE_streams_reset);
    return 0;
}

/* A reply ended a stream whose request is still coming: the peer is told that nobody reads it. */
static int on_frame_sent(nghttp2_session *http2, const nghttp2_frame *frame, void *context) {
    Session *session = context;
    if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR) {
        session_break(session, LANE_ended_protocol, frame->goaway.error_code);
        session->said_goodbye = 1; /* the library did */
    }
    if (frame->hd.type != NGHTTP2_HEADERS || !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM)) return 0;
    const Stream *stream = nghttp2_session_get_stream_user_data(http2, frame->hd.stream_id);
    if (stream != NULL && !stream->is_ended) nghttp2_submit_rst_stream(http2, 0, frame->hd.stream_id, NGHTTP2_NO_ERROR);
    return 0;
}

static nghttp2_ssize on_send(nghttp2_session *http2, const uint8_t *bytes, size_t size, int flags, void *context) {
    (void)http2, (void)flags;
    Session *session = context;
    if (session->output->size >= session->output_limit) return NGHTTP2_ERR_WOULDBLOCK;
    return output_add(session->output, bytes, size) == 0 ? (nghttp2_ssize)size : NGHTTP2_ERR_CALLBACK_FAILURE;
}

static int on_send_data(nghttp2_session *http2, nghttp2_frame *frame, const uint8_t *head, size_t size,
                        nghttp2_data_source *source, void *context) {
    (void)http2, (void)frame;
    const Session *session = context;
    if (session->output->size >= session->output_limit) return NGHTTP2_ERR_WOULDBLOCK;
    return stream_send_data(source->ptr, head, size);
}

nghttp2_session_callbacks *frame_callbacks(void) {
    nghttp2_session_callbacks *callbacks;
    if (nghttp2_session_callbacks_new(&callbacks) != 0) return NULL;
    nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, on_begin_frame);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback2(callbacks, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_sent);
    nghttp2_session_callbacks_set_send_callback2(callbacks, on_send);
    nghttp2_session_callbacks_set_send_data_callback(callbacks, on_send_data);
    return callbacks;
}

nghttp2_option *frame_options(void) {
    nghttp2_option *option;
    if (nghttp2_option_new(&option) != 0) return NULL;
    nghttp2_option_set_no_auto_window_update(option, 1); /* see on_data */
    nghttp2_option_set_no_http_messaging(option, 1); /* headers.c keeps HTTP's rules for what is a request */
    nghttp2_option_set_max_continuations(option, CONTINUATIONS);
    nghttp2_option_set_max_outbound_ack(option, ACKS_WAITING);
    nghttp2_option_set_max_settings(option, 32);
    nghttp2_option_set_no_closed_streams(option, 1); /* kept for priorities, which we have not */
    nghttp2_option_set_max_deflate_dynamic_table_size(option, 4096);
    nghttp2_option_set_stream_reset_rate_limit(option, RESETS_BURST, RESETS_A_SECOND);
    return option;
}
