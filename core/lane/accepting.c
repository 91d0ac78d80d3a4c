/* The listener. One that closes: with SO_REUSEPORT each worker has a queue of its own, and what stands in the queue of a
 * listener that closes is reset by the kernel, unless net.ipv4.tcp_migrate_req = 1 (Linux 5.14): then established
 * connections and half-open requests of the queue move to another listener of the port. So a drain first takes in all
 * that waits here, and closes then; what the kernel finished in between (microseconds) migrates where it may, else
 * the client sees a reset before its TLS began and connects again: no call was on it. */
#define _GNU_SOURCE /* accept4 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "connection.h"

enum {
    ACCEPTS_A_TURN = 16, /* handshakes cost: those who are connected take their turn in between */
    PAUSE_MS = 100,
    UNSENT_BYTES = 256 * 1024 /* in the kernel, of one connection */
};

static int watch(const Lane *lane, int operation) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = (void *)(uintptr_t)&lane->listener};
    return epoll_ctl(lane->epoll, operation, lane->listener, &event);
}

/* Accepted sockets inherit these. */
static void set_options(int listener) {
    static const struct {
        int level, name, value;
    } OPTIONS[] = {
        {IPPROTO_TCP, TCP_NODELAY, 1},
        {IPPROTO_TCP, TCP_NOTSENT_LOWAT, UNSENT_BYTES},
        {SOL_SOCKET, SO_KEEPALIVE, 1}, /* who vanished (power off, no coverage) with a watch open */
        {IPPROTO_TCP, TCP_KEEPIDLE, 60},
        {IPPROTO_TCP, TCP_KEEPINTVL, 10},
        {IPPROTO_TCP, TCP_KEEPCNT, 3},
    };
    for (size_t i = 0; i < sizeof OPTIONS / sizeof OPTIONS[0]; i++)
        setsockopt(listener, OPTIONS[i].level, OPTIONS[i].name, &OPTIONS[i].value, sizeof(int));
}

int lane_listen(Lane *lane) {
    set_options(lane->listener);
    return watch(lane, EPOLL_CTL_ADD);
}

/* 0 = nobody waits, or nobody can be taken. */
static int accept_one(Lane *lane) {
    struct sockaddr_storage from = {0};
    socklen_t size = sizeof from;
    int fd = accept4(lane->listener, (struct sockaddr *)&from, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        connection_accepted(lane, fd, &from);
        return 1;
    }
    switch (errno) {
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM: /* the listener stays readable: without a pause the loop would spin */
        count_one(&lane->host, LANE_accept_paused);
        watch(lane, EPOLL_CTL_DEL);
        wheel_set(&lane->host.wheel, &lane->listener_timer, lane->host.now_ns + PAUSE_MS * INT64_C(1000000));
        return 0;
    case EAGAIN: return 0;
    default: return errno == ECONNABORTED || errno == EINTR || errno == EPROTO;
    }
}

void lane_accept(Lane *lane) {
    for (int i = 0; i < ACCEPTS_A_TURN && lane->listener >= 0 && accept_one(lane); i++) continue;
}

void lane_accept_again(Lane *lane) {
    if (lane->listener >= 0) watch(lane, EPOLL_CTL_ADD);
}

void lane_stop_accepting(Lane *lane) {
    if (lane->listener < 0) return;
    while (accept_one(lane)) continue; /* ends: max_connections closes what is over it at once */
    wheel_forget(&lane->host.wheel, &lane->listener_timer);
    close(lane->listener);
    lane->listener = -1;
}
