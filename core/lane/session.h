/* One connection's HTTP/2 and gRPC, from bytes to bytes: no socket, no TLS. */
#ifndef RONDA_LANE_SESSION_H
#define RONDA_LANE_SESSION_H

#include "host.h"
#include "output.h"
#include "stream.h"

enum {
    ANSWERING_LIMIT = 128 * 1024, /* bytes of replies that wait for the peer's windows: no further call is answered */
    CONTROL_BURST = 1024,         /* control frames that a connection may send at once */
    CONTROL_A_SECOND = 64,        /* and that it earns by time */
    CONTROL_A_CALL = 8,           /* and by each call that it brings to its end */
    HEADER_FIELDS = 2048,         /* of one block, before the connection is ended: HEADERS_HARD_LIMIT of the smallest */
    SOUND_VALUES = 4,             /* long header values that are known to be sound */
    SLOWEST_READER = 4096, /* bytes a second: who takes less than that for stall_ns takes nothing */
    STALLS_MOST = 12, /* times stall_ns that one reply may wait while others go */
    RESET_COST = 8, /* control frames, of a request that is no HTTP */
    CONTINUATIONS = 8,
    RESETS_BURST = 256, /* streams that a client may reset at once, and a second (its deadlines pass, its user leaves) */
    RESETS_A_SECOND = 64,
    ACKS_WAITING = 128 /* SETTINGS and PING acknowledgements that nobody reads */
};

struct Session {
    Host *host;
    nghttp2_session *http2;
    LanePeer peer;
    size_t held;   /* bytes: streams, requests, replies, the library's own */
    size_t unsent; /* of these, replies that were kept because the peer did not take them */
    Stream *streams, *ready, *ready_last;
    Stream *answering; /* whose reply is being written; NULL once it has ended */
    Stream *in_headers; /* whose header block is being read */
    uint32_t stream_count;
    uint32_t block_fields; /* of the header block that is being read */
    size_t block_bytes;
    int block_is_malformed; /* of trailers */
    nghttp2_rcbuf *sound_values[SOUND_VALUES];
    int sound_next;
    int64_t control_left, control_ns; /* frames that it may still send, and when that was reckoned */
    size_t since_progress;  /* bytes since a call came to its end */
    int64_t last_stream_ns; /* when a stream was last open */
    int64_t taken_ns;       /* since when the peer takes nothing of what waits for it, SLOWEST_READER a second being nothing */
    int settled;            /* the peer's preface and SETTINGS came */
    int turn_wanted;        /* it stands in the loop's list */
    LaneCounter broken;     /* why it has to end; LANE_turn = it has not */
    uint32_t broken_code;   /* of the GOAWAY that says so */
    int said_goodbye;
    Output *output;         /* of session_work alone */
    size_t output_limit;
};

int session_begin(Session *, Host *, int64_t now_ns); /* peer is filled in already; -1 = no memory, nothing to end */
/* All streams end. `why` is for parked ones. */
void session_end(Session *, LaneCounter why);

/* What the peer sent. -1 = the session is broken: what session_work gives is its last. */
int session_receive(Session *, const uint8_t *bytes, size_t size);
/* Answers what is asked and writes frames, until the output holds `limit` bytes or nothing is left. -1 = broken. */
int session_work(Session *, Output *, size_t limit);
int session_is_over(const Session *); /* neither reads nor writes any more */

void session_notice(Session *);               /* the first GOAWAY: no more streams, please */
void session_goaway(Session *);               /* the second: the last stream that is answered */
/* It has to end, and session_work's next output is a GOAWAY with this code; the first reason counts. */
void session_break(Session *, LaneCounter why, uint32_t code);
/* Half requests and replies that nobody takes. -1 = the session has to end. */
int session_check(Session *);
void session_ask_watches(Session *);
void session_end_watches(Session *);

/* sound_values.c */
int value_is_sound(Session *, nghttp2_rcbuf *);
void sound_values_end(Session *);

/* The peer took some of what waits for it, the windows or the socket. */
static inline void session_taken(Session *session, size_t bytes) {
    int64_t until = session->taken_ns + (int64_t)bytes * (1000000000 / SLOWEST_READER);
    session->taken_ns = until < session->host->now_ns ? until : session->host->now_ns;
}
/* Something waits for it from now on. */
static inline void session_waits(Session *session) { session->taken_ns = session->host->now_ns; }

/* Memory that somebody holds on this session's account. */
void session_hold(Session *, size_t bytes);
void session_release(Session *, size_t bytes);

#endif
