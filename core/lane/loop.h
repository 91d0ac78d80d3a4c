/* The lane as its own files see it. */
#ifndef RONDA_LANE_LOOP_H
#define RONDA_LANE_LOOP_H

#include "host.h"
#include "output.h"
#include "secure.h"
#include "tally.h"
#include "wakes.h"

struct Connection;

enum {
    STAGED_PARTS = 16, /* an answer waits for those of as many connections; 64 gain no more (person-50x1) */
    STAGED_BYTES = 64 * 1024
};

typedef struct StagedPart {
    struct Connection *connection;
    size_t size;
} StagedPart;

struct Lane {
    Host host;
    LaneCounters own_counters;
    Wakes wakes;
    Secure secure;
    Pipe pipe;
    Tally devices, addresses;
    int tls, filter, epoll, listener;
    uint32_t max_connections, max_connections_per_device, max_handshakes, max_handshakes_per_address;
    struct Connection *connections, *dead, *wanting;
    uint64_t last_peer;
    int64_t poll_ns, wait_mean_ns; /* how long events are waited for awake; how long they were waited for lately */
    int64_t check_ns; /* how often a connection's time limits are looked at */
    Output plain, cipher;
    Output staged; /* what several connections send behind one another: each part is of one of them */
    StagedPart parts[STAGED_PARTS];
    int n_parts;
    int staging; /* several have something to say in this turn */
    uint8_t *received;
    Timer listener_timer, drain_timer;
    int handshakes_left; /* of this turn */
    int draining;
};

void lane_wants_turn(Session *); /* its connection writes at the end of this turn */

/* accepting.c */
int lane_listen(Lane *);       /* the listener into epoll */
void lane_accept(Lane *);      /* some of those that wait */
void lane_accept_again(Lane *); /* after a pause */
void lane_stop_accepting(Lane *); /* all that wait, then no more */

#endif
