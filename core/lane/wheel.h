/* Timers, cheap to set and to forget: a ring of 512 slots of 8 ms. What is due later than a round (4 s) stays in its slot
 * and is looked at once a round. Nothing fires early; up to 8 ms late by the ring itself. */
#ifndef RONDA_LANE_WHEEL_H
#define RONDA_LANE_WHEEL_H

#include <stdint.h>

enum { WHEEL_SLOTS = 512, WHEEL_TICK_NS = 8000000 };

typedef enum TimerKind { TIMER_CONNECTION, TIMER_STREAM, TIMER_LISTENER, TIMER_DRAIN } TimerKind;

typedef struct Timer { /* part of what it is the timer of; zeroed = not set */
    struct Timer *next, *previous;
    int64_t due_ns;
    TimerKind kind;
} Timer;

typedef struct Wheel {
    Timer slots[WHEEL_SLOTS]; /* heads of rings */
    uint64_t filled[WHEEL_SLOTS / 64];
    int64_t tick; /* the last that was looked at */
} Wheel;

void wheel_begin(Wheel *, int64_t now_ns);
void wheel_set(Wheel *, Timer *, int64_t due_ns); /* moves it where it is set already */
void wheel_forget(Wheel *, Timer *);
/* The next timer that is due, taken out; NULL = no more. What the caller sets again meanwhile is not met twice in a turn
 * if it is due later than now. */
Timer *wheel_due(Wheel *, int64_t now_ns);
/* Milliseconds until something may be due, for epoll_wait; -1 = nothing is set. */
int wheel_wait_ms(const Wheel *, int64_t now_ns);

#endif
