/* A socket, its TLS and its session. */
#ifndef RONDA_LANE_CONNECTION_H
#define RONDA_LANE_CONNECTION_H

#include <sys/socket.h>

#include "loop.h"
#include "secure.h"
#include "session.h"
#include "tally.h"

enum {
    READ_BYTES = 64 * 1024,       /* of one connection in one turn */
    RECORD_BYTES = 16 * 1024,     /* the largest that TLS gives at once */
    WRITE_BYTES = 64 * 1024,      /* of frames that are made before they are sent */
    READING_LIMIT = 256 * 1024,   /* bytes held for one that does not read: it is not read either */
    TLS_BYTES = 24 * 1024,        /* what OpenSSL keeps for a connection, about; counted with what is held */
    KEY_UPDATE_COST = 16,         /* control frames */
    HANDSHAKES_A_TURN = 4,        /* steps of some 0.3 ms each, between which those who are connected wait */
    HANDSHAKE_GRACE_MS = 1000,    /* of one that sent a whole ClientHello, before a newcomer may take its place */
    GOAWAY_MS = 100,              /* between the two */
    LINGER_MS = 500               /* for the peer to read the last words before the socket is closed, if they have come */
};

typedef enum ConnectionState {
    CONNECTION_HANDSHAKE,
    CONNECTION_OPEN,
    CONNECTION_FLUSHING, /* its session has ended; what is left goes out */
    CONNECTION_LINGERING,
    CONNECTION_DEAD
} ConnectionState;

typedef struct Connection {
    Session session; /* first: the session's owner is found by it */
    Lane *lane;
    struct Connection *next, *previous; /* of the lane's; of the dead */
    struct Connection *next_wanting;
    int fd;
    SSL *ssl; /* NULL = plaintext */
    ConnectionState state;
    LaneCounter why;      /* it ends; LANE_turn = not known yet */
    Output pending;       /* bytes that the socket did not take */
    size_t pending_sent;  /* of these, gone since */
    uint64_t written, heard; /* bytes that the socket took, and that the peer's system had at the last look */
    int staged;           /* of the lane's parts, so many are its */
    int failed;           /* its socket did, while the parts were sent */
    uint32_t interest;    /* epoll's events */
    int drain_stage;      /* 0 none, 1 notice given, 2 last stream named */
    int64_t accepted_ns, stage_ns;
    Timer timer;
    uint8_t device[TALLY_KEY], address[TALLY_KEY];
    uint8_t has_device, has_address;
} Connection;

void connection_accepted(Lane *, int fd, const struct sockaddr_storage *from);
void connection_event(Connection *, uint32_t events);
void connection_write(Connection *);               /* answers, frames, TLS, one send; ends it if that was its end */
void connection_check(Connection *);               /* its timer */
void connection_drain(Connection *, LaneCounter why);
void connection_break(Connection *, LaneCounter why);
void connection_end(Connection *, LaneCounter why);   /* what is written goes out first */
void connection_close(Connection *, LaneCounter why); /* at once; freed at the turn's end */
int connection_secured(Connection *);                 /* its handshake is done; -1 = it has ended */
/* OpenSSL's message callback: a key update costs a derivation and an answer, and carries nothing. */
void connection_tls_message(int written, int version, int type, const void *bytes, size_t size, SSL *, void *connection);
void connection_free(Connection *);

/* transport.c: bytes. */
int connection_receive(Connection *); /* -1 = it was closed */
int connection_send(Connection *, const Output *plain); /* -1 = the socket or TLS failed */
int connection_flush(Connection *);   /* what waits: -1 = the socket failed */
void connection_renew_interest(Connection *);
void lane_send_staged(Lane *);        /* whose socket fails is closed at the turn's end */
void connection_say_last(Connection *); /* TLS's close_notify */
int connection_hear(Connection *); /* counts what the peer has taken; whether its system has all that was written */

#endif
