/* The express lane's transport: gRPC's unary look-ups over HTTP/2 and TLS 1.3, on one thread that never holds the GIL.
 *
 * This is the contract between the transport (the C of this folder: HTTP/2 by libnghttp2, TLS by OpenSSL, epoll) and its
 * glue (Cython: callers, engine, audit). Changed since the sketch that both began with:
 *   - LaneCall.refusal: what the transport cannot take (message too large, unknown method...) comes through `answer` too,
 *     so that refusals with details, their record and their metrics are made in one place;
 *   - LaneReply.trailers (health's reason rides there); lane_reply_room, lane_health_changed, lane_wake;
 *   - Health/Watch: `answer` says the present state, the stream stays; lane_health_changed asks again;
 *   - `gone` is told why; `cancelled` returns nothing; all callbacks run on the loop's thread;
 *   - the listener belongs to the lane from lane_run on, and is closed by it;
 *   - LaneSettings: counters (may lie in shared memory), limits of handshakes and of an address, age, filter, ticket_secret.
 */
#ifndef RONDA_LANE_H
#define RONDA_LANE_H

#include <stddef.h>
#include <stdint.h>

#include "counters.h"

typedef struct Lane Lane;

typedef struct LanePeer {       /* the other end of a connection; lives as long as the connection */
    uint64_t id;                /* of the connection, never used again in this process */
    const uint8_t *certificate; /* leaf, DER, verified against the roots; size 0 = plaintext */
    size_t certificate_size;
    char name[64];              /* as gRPC writes a peer: "ipv4:127.0.0.1:5000", "ipv6:%5B::1%5D:5000" */
    void *session;              /* the glue's own: the last caller found on it, zero at first */
    uint64_t session_token;     /* the glue's own */
} LanePeer;

/* The first three are METHOD_CHECK, METHOD_CHECK_PERSON and METHOD_CHECK_VEHICLE of core/call/question.pxd. */
enum {
    LANE_UNKNOWN_METHOD = 0,
    LANE_CHECK = 1,
    LANE_CHECK_PERSON = 2,
    LANE_CHECK_VEHICLE = 3,
    LANE_HEALTH_CHECK = 100,
    LANE_HEALTH_WATCH = 101
};

/* Why a call cannot be asked of the engine. `answer` fills the reply with the refusal (it may park, to find the caller
 * first, but a reply whose grpc_status is 0 goes out as INTERNAL). */
enum {
    LANE_ASKED = 0,           /* no refusal: answer it */
    LANE_METHOD_UNKNOWN = 1,  /* no such path here: UNIMPLEMENTED */
    LANE_MESSAGE_LARGE = 2,   /* larger than max_request; request is empty, request_size what the prefix says */
    LANE_METADATA_LARGE = 3,  /* larger than max_metadata; see metadata_size, metadata_fields */
    LANE_DEADLINE_PASSED = 4, /* before it was asked, or while it was parked (`cancelled` was called before) */
    LANE_MEMORY_FULL = 5,     /* no room for it, on this connection or in all: RESOURCE_EXHAUSTED */
    LANE_MESSAGE_LATE = 6     /* it did not come to its end within stall_ms; request is empty: DEADLINE_EXCEEDED */
};

typedef struct LaneCall { /* borrowed for the callback alone; what is parked is kept by the transport */
    int method;
    int refusal;
    int attempt;            /* 0 at first, +1 each time that the glue asked for it again by lane_retry */
    const uint8_t *request; /* the message without its 5-byte prefix */
    size_t request_size;
    const uint8_t *authorization; /* the header's whole value; several joined by ","; size 0 = none */
    size_t authorization_size;
    size_t metadata_size;   /* name + value + 32 of each field that is not HTTP's or gRPC's own, as grpcio shows them */
    size_t metadata_fields; /* how many these are */
    int64_t arrived_ns;     /* CLOCK_MONOTONIC, when the loop read the request's end */
    int64_t deadline_ns;    /* CLOCK_MONOTONIC, from grpc-timeout or default_deadline_ms; INT64_MAX = none */
    LanePeer *peer;
    uint64_t ticket; /* names the stream for lane_finish and lane_retry; that it is gone by then is no error */
} LaneCall;

enum { LANE_TRAILERS = 4 };

typedef struct LaneTrailer { /* name in lower case; a value of printable ASCII */
    const char *name;
    size_t name_size;
    const char *value;
    size_t value_size;
} LaneTrailer;

typedef struct LaneReply {
    int grpc_status;  /* 0 = answered: `message` is the response */
    uint8_t *message; /* grown by lane_reply_room; the loop's own is used again for the next call */
    size_t message_size, message_capacity;
    const char *text; /* grpc-message, UTF-8, not yet percent-encoded */
    size_t text_size;
    const uint8_t *details; /* google.rpc.Status; goes out as grpc-status-details-bin */
    size_t details_size;
    LaneTrailer trailers[LANE_TRAILERS]; /* besides; of answers and of refusals */
    size_t trailer_count;
} LaneReply;

/* At least `size` bytes at reply->message, what was there is kept. 0, or -1 when there is no memory: then say
 * RESOURCE_EXHAUSTED. Only for the reply that `answer` was given; borrowed text, details and trailers of it are read
 * before the next callback. */
int lane_reply_room(LaneReply *reply, size_t size);

enum { LANE_REPLIED = 0, LANE_PARKED = 1 };

typedef struct LaneCallbacks { /* all on the loop's thread, without the GIL; none may block */
    void *context;
    int (*answer)(void *context, const LaneCall *call, LaneReply *reply);
    void (*turn)(void *context);                                /* after each turn of the loop: epochs pass; or NULL */
    void (*gone)(void *context, LanePeer *peer, int why);       /* before a connection is freed; why: a LaneCounter; or NULL */
    void (*cancelled)(void *context, uint64_t ticket, int why); /* a parked stream ended by reset, deadline or close; or NULL */
} LaneCallbacks;

/* From any thread, GIL or not, callbacks included; each wakes the loop. Those with int: 0, or -1 without memory. */
int lane_finish(Lane *, uint64_t ticket, const LaneReply *); /* ends a parked stream; copies what it needs */
int lane_retry(Lane *, uint64_t ticket);                     /* calls `answer` again; request and headers were kept */
int lane_close_peer(Lane *, uint64_t peer_id);               /* GOAWAY and close at once: a revoked device */
void lane_health_changed(Lane *);                            /* asks `answer` again for every open Health/Watch */
void lane_drain(Lane *, int patience_ms);                    /* GOAWAY twice, streams ended, then lane_run returns */
void lane_wake(Lane *);                                      /* makes the loop take a turn: is it alive? */

/* A new SSL_CTX, and with other files new ticket keys, for connections to come; those that exist live on. 0, or -1: the old one stays, `why`
 * says what is wrong with which file, without its content. Takes milliseconds, on the caller's thread. */
int lane_reload(Lane *, const char *certificate_pem, const char *key_pem, const char *roots_pem, char *why, size_t why_size);

enum { LANE_TICKET_SECRET = 32 };

typedef struct LaneSettings { /* 0 = the default of docs/lane.md, where one is named */
    int listener;             /* bound and listening, SO_REUSEPORT set; nobody else may hold a duplicate */
    int tls;                  /* 0 = plaintext, loopback only */
    const char *certificate_pem, *key_pem, *roots_pem;
    const uint8_t *ticket_secret; /* LANE_TICKET_SECRET bytes, the same in all processes that resume each other's sessions:
                                     with equal files they have equal ticket keys; NULL = keys of each reload's own */
    uint32_t max_connections, max_connections_per_device, max_streams;
    uint32_t max_handshakes, max_handshakes_per_address; /* connections that have not shown their certificate yet */
    size_t connection_budget, total_budget, max_request, max_metadata; /* bytes */
    uint32_t idle_ms, handshake_ms, stall_ms, default_deadline_ms;
    uint32_t age_ms;        /* GOAWAY to a connection that is older, so that clients spread; 0 = never */
    uint32_t poll_us;       /* how long events are waited for awake, while they come that often; 0 = never */
    int filter;             /* 1 = lane_run puts the system call filter on its thread; lane_new fails where it cannot */
    LaneCounters *counters; /* may lie in shared memory; NULL = the lane's own */
} LaneSettings;

/* NULL when a setting is wrong or memory is short: `why` says it. Ignores nothing: SIGPIPE is never raised by it. */
Lane *lane_new(const LaneSettings *, const LaneCallbacks *, char *why, size_t why_size);
int lane_run(Lane *);   /* the loop, in a thread of its own, until drained: 0; -1 when epoll itself fails */
void lane_free(Lane *); /* after lane_run has returned, or before it was called; no call of the above may be on its way */
const LaneCounters *lane_counters(const Lane *);

#endif
