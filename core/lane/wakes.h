/* What other threads want of the loop: a queue under a mutex, and an eventfd that wakes it. */
#ifndef RONDA_LANE_WAKES_H
#define RONDA_LANE_WAKES_H

#include <pthread.h>
#include <stdint.h>

#include "lane.h"

typedef enum WishKind { WISH_FINISH, WISH_RETRY, WISH_CLOSE_PEER } WishKind;

typedef struct Wish {
    struct Wish *next;
    WishKind kind;
    uint64_t name;   /* a ticket, or a peer's id */
    LaneReply reply; /* WISH_FINISH: all that it points to follows this struct; its message is a block of its own */
} Wish;

typedef struct Wakes {
    pthread_mutex_t mutex;
    Wish *first, **end;
    int event; /* eventfd */
    int has_mutex;
    /* What needs no queue and so cannot fail; atomic. */
    int health_changed;
    int drain_ms; /* patience + 1; 0 = no drain is wanted */
} Wakes;

int wakes_begin(Wakes *);
void wakes_signal(Wakes *); /* the loop takes a turn */
void wakes_end(Wakes *);
/* Copies the reply, if there is one, and wakes the loop. -1 = no memory. */
int wakes_wish(Wakes *, WishKind, uint64_t name, const LaneReply *);
Wish *wakes_take(Wakes *); /* all, in order; the loop's thread alone */
void wish_free(Wish *);

#endif
