/* The load generator of `./run bench-limit`: what its files share.
 *
 * One thread, one epoll loop. A *place* is one of the N connections that are kept up; a place whose connection was told
 * to go away (GOAWAY) or was lost gets a new one. A *call* is one question; it may be tried again on another connection.
 */
#ifndef RONDA_LIMIT_LOAD_H
#define RONDA_LIMIT_LOAD_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ID_DIGITS 16              /* of a request_id: it fills the hole in the context of each request */
#define REQUEST_ROOM 512          /* bytes; what is asked is a hundred or so */
#define ANSWER_ROOM (128 * 1024)  /* bytes; Ronda's answers stay under 64 KiB */

/* questions.c: what is asked, from a file that bench/limit/payloads.py writes and draws */
typedef struct Questions {
    const uint8_t* bytes;
    uint32_t count, context_size, hole;     /* hole: where in the context the request id goes */
    const uint8_t* context;
} Questions;
typedef struct Question {
    const uint8_t* field;                   /* the request's second field: tag, length, text */
    uint32_t size, answer_size;             /* answer_size, digest: of the answer that a peer was given to hold; XXH3-64 */
    uint64_t digest;
} Question;
void questions_open(Questions* questions, const char* path);
Question question_at(const Questions* questions, uint32_t place);
size_t question_request(const Questions* questions, uint32_t place, uint64_t id, uint8_t* to);
static inline const uint8_t* question_text(Question question) { return question.field + 2; }
static inline size_t question_text_size(Question question) { return question.size - 2; }

/* histogram.c: latencies in nanoseconds, each bucket less than 0.8 % wide */
typedef struct Histogram { uint64_t counts[64 * 128]; uint64_t total, longest; double sum; } Histogram;
void histogram_add(Histogram* histogram, uint64_t nanoseconds);
double histogram_us(const Histogram* histogram, double share);

/* Counters of a run. Failures count from the start, warm-up included; calls and latencies in the measured window alone. */
typedef struct Counts {
    uint64_t calls, answer_bytes, failed, wrong, retried, refused, lost_connections, goaways, handshakes;
    uint64_t by_status[20];                 /* gRPC status of what failed; 17 = connection lost, 18 = no status, 19 = too late */
    char said[200];                         /* what the first failure said */
} Counts;
enum { FAILED_LOST = 17, FAILED_MALFORMED = 18, FAILED_LATE = 19, STATUS_UNAVAILABLE = 14, STATUS_CANCELLED = 1 };

typedef struct Place Place;
typedef struct Connection Connection;

typedef struct Call {
    struct Call* next;                      /* of the free calls, or of those to be tried again */
    uint64_t id;
    int64_t intended_ns;                    /* when it should have begun: latencies count from there */
    uint32_t question, request_size;
    uint32_t received;                      /* bytes that came */
    int status, http_status, attempt;       /* -1: not said yet */
    enum { UNSEEN, RIGHT, WRONG } verdict;
    uint8_t request[REQUEST_ROOM];
    uint8_t* answer;
} Call;

/* How one protocol speaks. Each function of a connection; `receive` returns bytes used, or -1: the connection is broken. */
typedef struct Protocol {
    bool alpn;
    void (*open)(Connection* connection);                   /* connected: greet. Sets `ready` now or later */
    bool (*send)(Connection* connection, Call* call);       /* false: not now */
    ptrdiff_t (*receive)(Connection* connection, uint8_t* data, size_t size);
    void (*close)(Connection* connection);
} Protocol;
extern const Protocol grpc_protocol, redis_protocol, postgres_protocol;

struct Connection {
    Place* place;
    int fd;
    SSL* tls;                               /* NULL = plaintext */
    bool connected, ready, leaving, broken, dirty, waits_to_write, dead;
    uint8_t *in, *out;                      /* what came and is not used yet; what is to go */
    size_t in_size, out_size, out_at, out_room;
    Call** calls;                           /* open ones; of FIFO protocols in their order */
    int32_t* streams;                       /* their stream ids, of gRPC */
    int open_calls, allowed;                /* allowed: by the other end's settings */
    void* state;                            /* the protocol's own */
    Connection *next_dirty, *next_dead;
};

struct Place {
    int number, open_calls;
    Connection* connection;
    Call* again;                            /* to be tried again */
    int64_t connect_at_ns;                  /* when it may be tried anew */
};

typedef struct Options {
    const char *address, *path, *questions, *identity, *ca, *server_name;
    int connections, streams, identities, retries;
    double seconds, warm_up, rate;
    bool digest;
    uint64_t seed, calls;                   /* calls: that end the window; 0 = time alone does */
    const Protocol* protocol;
} Options;

typedef struct Load {
    Options options;
    Questions questions;
    Counts counts;
    Histogram histogram;
    Place* places;
    Call* free_calls;
    uint64_t next_id, random;
    int64_t begun_ns, measured_from_ns, measured_until_ns;
    double due_ns;                          /* open loop: when the next call should begin */
    int epoll, next_place;
    bool over;
    SSL_CTX** contexts;                     /* one an identity; NULL = plaintext */
    char** tokens;                          /* "Bearer ..." of each, or NULL */
} Load;
extern Load load;

int64_t now_ns(void);
_Noreturn void give_up(const char* format, ...);

/* calls.c */
Call* call_new(int64_t intended_ns);
bool call_is_right(const Call* call, const uint8_t* answer, size_t size);
void call_done(Connection* connection, int index, size_t answer_size);        /* its verdict is there */
void call_failed(Connection* connection, int index, int status, const char* said, size_t said_size);
void call_refused(Connection* connection, int index);                         /* never looked at: tried again for nothing */
void place_fill(Place* place);
void calls_begin_due(void);                                                   /* open loop: what is due by now */
int calls_open(void);

/* connection.c */
void connection_start(Place* place);
void connection_event(Connection* connection, uint32_t events);
void connection_write(Connection* connection, const void* bytes, size_t size);   /* into `out`; sent by connections_flush */
void connection_leave(Connection* connection);    /* no new calls on it: its place connects anew */
void connection_break(Connection* connection);    /* it is closed at the end of this turn */
void connections_flush(void);
void connections_bury(void);

/* secrets.c */
void secrets_load(void);

#endif
