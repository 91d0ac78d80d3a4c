/* One call: what came of its request, and what is left of its reply. */
#ifndef RONDA_LANE_STREAM_H
#define RONDA_LANE_STREAM_H

#include "host.h"

enum { SMALL_REQUEST = 256, MESSAGE_PREFIX = 5 };

typedef enum StreamState {
    STREAM_HEADERS,  /* the header block is being read */
    STREAM_MESSAGE,  /* the message is */
    STREAM_READY,    /* in the session's list, to be answered */
    STREAM_PARKED,   /* the glue has it */
    STREAM_REPLYING, /* the reply is on its way */
    STREAM_WATCHING  /* of Health/Watch: replies come for ever */
} StreamState;

struct Stream {
    Session *session;
    Stream *next, *previous; /* of the session's */
    Stream *ready_next, *ready_previous;
    int32_t id;
    StreamState state;
    uint64_t ticket; /* 0 = none yet */
    Timer timer;     /* while parked: the deadline */
    int64_t opened_ns, arrived_ns, replied_ns, deadline_ns;

    int method;  /* of lane.h */
    int refusal; /* of lane.h */
    int attempt;
    /* What makes a request gRPC's; see headers.c. */
    uint8_t is_post, is_grpc, has_type, has_trailers, is_encoded, bad_timeout;
    /* What makes it HTTP's: pseudo-fields once, before the others; no forbidden field or byte; the length that was said. */
    uint8_t seen, has_regular, is_malformed;
    int64_t declared_size, received_size; /* declared -1 = not at all */
    uint8_t is_ended;  /* the peer's side of the stream */
    uint8_t is_ready;  /* in the list */
    uint8_t ask_again; /* Watch: the state changed while the last one was on its way */

    nghttp2_rcbuf *authorization; /* the library's own bytes, no copy; or */
    char *joined;                 /* several of them */
    size_t joined_size;
    size_t metadata_size, metadata_fields;

    uint8_t prefix[MESSAGE_PREFIX], prefix_size;
    uint32_t message_size; /* as the prefix says */
    uint8_t *request;      /* small, or of its own */
    size_t request_size, request_capacity;
    uint8_t small[SMALL_REQUEST];

    const uint8_t *body; /* the reply's message; borrowed while it is first written, then body_kept */
    uint8_t *body_kept;
    size_t body_size, body_sent; /* sent counts the prefix */
    int final_status;
    LaneTrailer trailers[LANE_TRAILERS]; /* all in trailer_block */
    size_t trailer_count;
    char *trailer_block;
};

Stream *stream_new(Session *, int32_t id); /* NULL = no memory */
/* Takes it from the session, gives back what it holds; a parked one's glue is told, with `why`. */
void stream_free(Stream *, LaneCounter why);
void stream_set_ready(Stream *); /* at the end of the session's list */
void stream_unready(Stream *);
void stream_drop_request(Stream *);
void stream_drop_body(Stream *);
void stream_drop_authorization(Stream *);

/* headers.c: one field of the request, and what the fields come to. */
int stream_header(Stream *, nghttp2_rcbuf *name, nghttp2_rcbuf *value); /* -1 = no memory */
void stream_headers_end(Stream *);
void stream_reset(Stream *, uint32_t code); /* what comes of it still is dropped */
/* message.c: bytes of the body, its end. */
void stream_data(Stream *, const uint8_t *bytes, size_t size);
void stream_end(Stream *);
void stream_ask(Stream *, int refusal, LaneCounter cause); /* for the refusal that the glue gives */
void stream_is_late(Stream *);
/* answer.c: asks the glue and submits what it says, or parks. */
void stream_answer(Stream *);
void stream_deadline(Stream *);                     /* of a parked one: it passed */
void stream_retry(Stream *);                        /* of a parked one: asked again */
void stream_reply(Stream *, const LaneReply *);     /* the message stays borrowed until stream_keep_body */
void stream_finish(Stream *, const LaneReply *);    /* of a parked one: the glue's reply, copied */
void stream_refuse(Stream *, int grpc_status, const char *http_status, const char *text); /* by the transport itself */
/* reply.c: frames. -1 = no memory, the stream has to be reset. */
int stream_submit(Stream *, const LaneReply *);
int stream_submit_refusal(Stream *, const LaneReply *, const char *http_status);
void stream_end_watch(Stream *, int grpc_status);
int stream_keep_body(Stream *); /* copies what the peer did not take at once; -1 = no memory */
int stream_send_data(Stream *, const uint8_t *frame_head, size_t size); /* the library's send_data_callback */

#endif
