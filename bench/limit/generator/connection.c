/* A connection: TCP, TLS where there is a CA, buffers. What a turn of the loop has to send goes out in one piece. */
#include "load.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <arpa/inet.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { IN_ROOM = 256 * 1024, ONCE = 64 * 1024, AGAIN_AFTER_NS = 5000000, NEVER = 1 << 30 };

static Connection *first_dirty, *first_dead;

static struct sockaddr_in destination(void) {
    char host[64];
    const char* colon = strrchr(load.options.address, ':');
    struct sockaddr_in to = {.sin_family = AF_INET};
    if (!colon || (size_t)(colon - load.options.address) >= sizeof host) give_up("an address is host:port");
    memcpy(host, load.options.address, (size_t)(colon - load.options.address));
    host[colon - load.options.address] = 0;
    to.sin_port = htons((uint16_t)atoi(colon + 1));
    if (inet_pton(AF_INET, host, &to.sin_addr) != 1) give_up("a host is four numbers, as 127.0.0.1");
    return to;
}

static void watch(Connection* connection, int operation, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = connection};
    epoll_ctl(load.epoll, operation, connection->fd, &event);
}

void connection_start(Place* place) {
    Connection* connection = calloc(1, sizeof *connection);
    struct sockaddr_in to = destination();
    int yes = 1;
    connection->place = place;
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (connection->fd < 0) give_up("no socket: %s", strerror(errno));
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    connection->allowed = NEVER;
    connection->in = malloc(IN_ROOM);
    connection->out = malloc(connection->out_room = ONCE);
    connection->calls = calloc((size_t)load.options.streams, sizeof *connection->calls);
    connection->streams = calloc((size_t)load.options.streams, sizeof *connection->streams);
    place->connection = connection;
    place->connect_at_ns = INT64_MAX;
    if (load.contexts) {
        connection->tls = SSL_new(load.contexts[place->number % load.options.identities]);
        SSL_set_fd(connection->tls, connection->fd);
        SSL_set_tlsext_host_name(connection->tls, load.options.server_name);
        SSL_set1_host(connection->tls, load.options.server_name);
        SSL_set_connect_state(connection->tls);
    }
    watch(connection, EPOLL_CTL_ADD, EPOLLIN | EPOLLOUT);
    connection->waits_to_write = true;
    if (connect(connection->fd, (struct sockaddr*)&to, sizeof to) && errno != EINPROGRESS) connection_break(connection);
}

void connection_break(Connection* connection) {
    if (connection->broken) return;
    connection->broken = true;
    connection->next_dead = first_dead;
    first_dead = connection;
}

void connection_leave(Connection* connection) {
    Place* place = connection->place;
    if (connection->leaving) return;
    connection->leaving = true;
    if (place->connection == connection) connection_start(place);
    if (!connection->open_calls) connection_break(connection);
}

void connections_bury(void) {
    while (first_dead) {
        Connection* connection = first_dead;
        Place* place = connection->place;
        first_dead = connection->next_dead;
        if (connection->ready && !connection->leaving) load.counts.lost_connections++;
        if (!connection->ready && !load.counts.handshakes && connection->tls && connection->connected) {
            unsigned long error = ERR_peek_last_error();
            snprintf(load.counts.said, sizeof load.counts.said, "TLS: %s", ERR_reason_error_string(error));
        }
        while (connection->open_calls)
            call_failed(connection, connection->open_calls - 1, FAILED_LOST, "connection lost", 15);
        if (place->connection == connection) {
            place->connection = NULL;
            place->connect_at_ns = now_ns() + AGAIN_AFTER_NS;
        }
        for (Connection** each = &first_dirty; *each; each = &(*each)->next_dirty)
            if (*each == connection) { *each = connection->next_dirty; break; }
        load.options.protocol->close(connection);
        if (connection->tls) SSL_free(connection->tls);
        close(connection->fd);
        free(connection->in); free(connection->out); free(connection->calls); free(connection->streams);
        free(connection);
    }
    ERR_clear_error();
}

void connection_write(Connection* connection, const void* bytes, size_t size) {
    if (connection->out_size + size > connection->out_room)
        connection->out = realloc(connection->out, connection->out_room = 2 * (connection->out_size + size));
    memcpy(connection->out + connection->out_size, bytes, size);
    connection->out_size += size;
    if (connection->dirty || connection->waits_to_write) return;
    connection->dirty = true;
    connection->next_dirty = first_dirty;
    first_dirty = connection;
}

static void flush(Connection* connection) {
    bool blocked = false;
    while (connection->out_at < connection->out_size && !blocked && !connection->broken) {
        const uint8_t* from = connection->out + connection->out_at;
        size_t left = connection->out_size - connection->out_at;
        ssize_t sent;
        if (connection->tls) {
            int most = left > 16384 ? 16384 : (int)left;
            sent = SSL_write(connection->tls, from, most);
            if (sent <= 0) {
                blocked = SSL_get_error(connection->tls, (int)sent) == SSL_ERROR_WANT_WRITE;
                if (!blocked) connection_break(connection);
            }
        } else {
            sent = send(connection->fd, from, left, MSG_NOSIGNAL);
            if (sent < 0) {
                blocked = errno == EAGAIN;
                if (!blocked) connection_break(connection);
            }
        }
        if (sent > 0) connection->out_at += (size_t)sent;
    }
    if (connection->out_at == connection->out_size) connection->out_at = connection->out_size = 0;
    if (blocked != connection->waits_to_write && !connection->broken) {
        connection->waits_to_write = blocked;
        watch(connection, EPOLL_CTL_MOD, EPOLLIN | (blocked ? EPOLLOUT : 0));
    }
}

void connections_flush(void) {
    while (first_dirty) {
        Connection* connection = first_dirty;
        first_dirty = connection->next_dirty;
        connection->dirty = false;
        flush(connection);
    }
}

/* True: connected, and greeted. */
static bool connected(Connection* connection) {
    if (connection->connected) return true;
    if (connection->tls) {
        int done = SSL_do_handshake(connection->tls);
        if (done != 1) {
            int error = SSL_get_error(connection->tls, done);
            if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
                connection->connected = true;   /* so far that its error is of interest */
                connection_break(connection);
            } else if ((error == SSL_ERROR_WANT_WRITE) != connection->waits_to_write) {
                connection->waits_to_write = error == SSL_ERROR_WANT_WRITE;
                watch(connection, EPOLL_CTL_MOD, EPOLLIN | (connection->waits_to_write ? EPOLLOUT : 0));
            }
            return false;
        }
        load.counts.handshakes++;
    }
    connection->connected = true;
    load.options.protocol->open(connection);
    flush(connection);
    return true;
}

static void read_all(Connection* connection) {
    for (;;) {
        size_t room = IN_ROOM - connection->in_size;
        if (room > ONCE) room = ONCE;
        ssize_t got;
        if (connection->tls) {
            got = SSL_read(connection->tls, connection->in + connection->in_size, (int)room);
            if (got <= 0) {
                if (SSL_get_error(connection->tls, (int)got) != SSL_ERROR_WANT_READ) connection_break(connection);
                return;
            }
        } else {
            got = recv(connection->fd, connection->in + connection->in_size, room, 0);
            if (got < 0 && errno == EAGAIN) return;
            if (got <= 0) { connection_break(connection); return; }
        }
        connection->in_size += (size_t)got;
        ptrdiff_t used = load.options.protocol->receive(connection, connection->in, connection->in_size);
        if (used < 0) { connection_break(connection); return; }
        connection->in_size -= (size_t)used;
        memmove(connection->in, connection->in + used, connection->in_size);
        /* What is left in the socket wakes us again; what OpenSSL holds does not. */
        if (connection->tls ? !SSL_has_pending(connection->tls) : (size_t)got < room) return;
    }
}

void connection_event(Connection* connection, uint32_t events) {
    if (connection->broken || !connected(connection)) return;
    if (events & EPOLLOUT) flush(connection);
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) read_all(connection);
    if (connection->leaving && !connection->open_calls) connection_break(connection);
    place_fill(connection->place);
}
