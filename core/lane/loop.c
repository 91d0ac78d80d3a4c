/* The loop: sockets, wishes of other threads, timers, in turns. */
#include "loop.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "connection.h"
#include "filter.h"

enum { EVENTS_A_TURN = 64 };

static int64_t monotonic_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

void lane_wants_turn(Session *session) {
    Connection *connection = (Connection *)session;
    if (session->turn_wanted) return;
    session->turn_wanted = 1;
    connection->next_wanting = connection->lane->wanting;
    connection->lane->wanting = connection;
}

static void close_peer(Lane *lane, uint64_t id) {
    for (Connection *connection = lane->connections; connection != NULL; connection = connection->next)
        if (connection->session.peer.id == id) {
            connection_break(connection, LANE_ended_closed);
            return;
        }
}

static void fulfil(Lane *lane, const Wish *wish) {
    if (wish->kind == WISH_CLOSE_PEER) {
        close_peer(lane, wish->name);
        return;
    }
    Stream *stream = ticket_stream(&lane->host.tickets, wish->name);
    if (stream == NULL || stream->state != STREAM_PARKED) return;
    if (wish->kind == WISH_RETRY) stream_retry(stream);
    else stream_finish(stream, &wish->reply);
    lane_wants_turn(stream->session);
}

static void begin_drain(Lane *lane, int64_t patience_ms) {
    if (lane->draining) return;
    lane->draining = 1;
    lane_stop_accepting(lane);
    wheel_set(&lane->host.wheel, &lane->drain_timer, lane->host.now_ns + patience_ms * 1000000 + WHEEL_TICK_NS);
    for (Connection *connection = lane->connections, *next; connection != NULL; connection = next) {
        next = connection->next;
        connection_drain(connection, LANE_ended_drained);
    }
}

static void take_wishes(Lane *lane) {
    Wakes *wakes = &lane->wakes;
    for (Wish *wish = wakes_take(wakes), *next; wish != NULL; wish = next) {
        next = wish->next;
        fulfil(lane, wish);
        wish_free(wish);
    }
    if (__atomic_exchange_n(&wakes->health_changed, 0, __ATOMIC_ACQ_REL))
        for (Connection *connection = lane->connections; connection != NULL; connection = connection->next) {
            session_ask_watches(&connection->session);
            lane_wants_turn(&connection->session);
        }
    int drain_ms = __atomic_load_n(&wakes->drain_ms, __ATOMIC_ACQUIRE);
    if (drain_ms > 0) begin_drain(lane, drain_ms - 1);
}

static void run_out_of_patience(Lane *lane) {
    count_add(lane->host.counters, LANE_drain_cut, lane_count(lane->host.counters, LANE_streams_now));
    while (lane->connections != NULL) connection_close(lane->connections, LANE_ended_drained);
}

static void take_timers(Lane *lane) {
    Host *host = &lane->host;
    for (Timer *timer; (timer = wheel_due(&host->wheel, host->now_ns)) != NULL;) {
        switch (timer->kind) {
        case TIMER_CONNECTION: connection_check((Connection *)((char *)timer - offsetof(Connection, timer))); break;
        case TIMER_STREAM: {
            Stream *stream = (Stream *)((char *)timer - offsetof(Stream, timer));
            lane_wants_turn(stream->session);
            stream_deadline(stream);
            break;
        }
        case TIMER_LISTENER: lane_accept_again(lane); break;
        case TIMER_DRAIN: run_out_of_patience(lane); break;
        }
    }
}

static void take_events(Lane *lane, const struct epoll_event *events, int number) {
    lane->handshakes_left = HANDSHAKES_A_TURN;
    lane->staging = number > 1;
    for (int i = 0; i < number; i++) {
        void *what = events[i].data.ptr;
        if (what == &lane->wakes) take_wishes(lane);
        else if (what == &lane->listener) lane_accept(lane);
        else connection_event(what, events[i].events);
    }
    lane_send_staged(lane);
    lane->staging = 0;
}

static void end_turn(Lane *lane) {
    while (lane->wanting != NULL) {
        Connection *connection = lane->wanting;
        lane->wanting = connection->next_wanting;
        connection->session.turn_wanted = 0;
        connection_write(connection);
    }
    while (lane->dead != NULL) {
        Connection *connection = lane->dead;
        lane->dead = connection->next;
        connection_free(connection);
    }
    const Host *host = &lane->host;
    __atomic_store_n(&host->counters->value[LANE_bytes_held_now], host->held, __ATOMIC_RELAXED);
    if (host->callbacks.turn != NULL) host->callbacks.turn(host->callbacks.context);
}

/* Odd while the loop works; with release and acquire, for others free memory by it. */
static void count_turn(const Lane *lane) {
    __atomic_fetch_add(&lane->host.counters->value[LANE_turn], 1, __ATOMIC_SEQ_CST);
}

/* Under load a thread that sleeps is woken late, by 50 us where the core went to sleep with it (a virtual machine's most of
 * all). So while events have lately come within poll_ns of one another, they are waited for awake, in turns with whoever
 * else wants the core. */
static int wait_for_events(Lane *lane, struct epoll_event *events, int wait_ms) {
    int64_t began = monotonic_ns();
    int number = 0, awake = wait_ms != 0 && lane->wait_mean_ns < lane->poll_ns;
    while (awake && (number = epoll_wait(lane->epoll, events, EVENTS_A_TURN, 0)) == 0) {
        sched_yield();
        awake = monotonic_ns() - began < lane->poll_ns;
    }
    if (number == 0) number = epoll_wait(lane->epoll, events, EVENTS_A_TURN, wait_ms);
    lane->host.now_ns = monotonic_ns();
    int64_t waited = lane->host.now_ns - began, most = 4 * lane->poll_ns;
    lane->wait_mean_ns += ((waited < most ? waited : most) - lane->wait_mean_ns) / 8;
    return number;
}

int lane_run(Lane *lane) {
    struct epoll_event events[EVENTS_A_TURN];
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = lane->filter ? filter_this_thread() : 0;
    count_turn(lane);
    lane->host.now_ns = monotonic_ns();
    if (failed == 0) failed = lane_listen(lane);
    while (failed == 0 && !(lane->draining && lane->connections == NULL)) {
        int wait_ms = wheel_wait_ms(&lane->host.wheel, lane->host.now_ns);
        count_turn(lane);
        int number = wait_for_events(lane, events, wait_ms);
        count_turn(lane);
        if (number < 0 && errno != EINTR) failed = -1;
        take_events(lane, events, number);
        take_timers(lane);
        end_turn(lane);
    }
    while (lane->connections != NULL) connection_close(lane->connections, LANE_ended_unwell);
    end_turn(lane);
    if (lane->listener >= 0) close(lane->listener);
    lane->listener = -1;
    count_turn(lane);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}
