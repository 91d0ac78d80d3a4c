/* A connection from accept to its last byte: its limits, its two-step farewell. */
#include "connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static const int64_t MS = 1000000;

static void set_interest(Connection *connection, uint32_t events) {
    if (connection->interest == events) return;
    struct epoll_event event = {.events = events, .data.ptr = connection};
    if (epoll_ctl(connection->lane->epoll, EPOLL_CTL_MOD, connection->fd, &event) == 0) connection->interest = events;
}

/* Who does not read is not read. */
void connection_renew_interest(Connection *connection) {
    int waits = connection->pending.size > 0;
    int reads = !(waits && connection->session.held > READING_LIMIT);
    set_interest(connection, (reads ? EPOLLIN : 0) | (waits ? EPOLLOUT : 0));
}

/* "ipv4:127.0.0.1:5000", "ipv6:%5B::1%5D:5000", as grpcio's context.peer(); and by what an address is counted: all of
 * IPv4's, the first 64 bits of IPv6's, of which one customer has all. */
static void name_peer(Connection *connection, const struct sockaddr_storage *from) {
    char text[INET6_ADDRSTRLEN] = "";
    LanePeer *peer = &connection->session.peer;
    if (from->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)from;
        inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text);
        memcpy(connection->address, &v4->sin_addr, 4);
        snprintf(peer->name, sizeof peer->name, "ipv4:%s:%u", text, (unsigned)ntohs(v4->sin_port));
    } else if (from->ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)from;
        const uint8_t *bytes = v6->sin6_addr.s6_addr;
        if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
            inet_ntop(AF_INET, bytes + 12, text, sizeof text);
            memcpy(connection->address, bytes + 12, 4);
            snprintf(peer->name, sizeof peer->name, "ipv4:%s:%u", text, (unsigned)ntohs(v6->sin6_port));
            return;
        }
        inet_ntop(AF_INET6, bytes, text, sizeof text);
        memcpy(connection->address + 4, bytes, 8);
        snprintf(peer->name, sizeof peer->name, "ipv6:%%5B%s%%5D:%u", text, (unsigned)ntohs(v6->sin6_port));
    } else snprintf(peer->name, sizeof peer->name, "unix:");
}

static void unlist(Connection *connection) {
    Lane *lane = connection->lane;
    if (connection->next != NULL) connection->next->previous = connection->previous;
    if (connection->previous != NULL) connection->previous->next = connection->next;
    else lane->connections = connection->next;
}

static void forget_address(Connection *connection) {
    Lane *lane = connection->lane;
    if (!connection->has_address) return;
    tally_remove(&lane->addresses, connection->address);
    connection->has_address = 0;
    count_less(&lane->host, LANE_handshakes_now);
}

/* The oldest of those who have not proven a certificate (of one address, or of all: NULL) and to whom the lane has said
 * nothing, because no whole ClientHello came. Where each has sent one: the oldest that had time enough since. Younger
 * ones stay, else a thousand cars that come back at once would push each other out for ever. NULL = there is none. */
static Connection *least_advanced(const Lane *lane, const uint8_t *address) {
    Connection *silent = NULL, *oldest = NULL; /* the list begins with the newest */
    for (Connection *other = lane->connections; other != NULL; other = other->next) {
        if (!other->has_address || other->state != CONNECTION_HANDSHAKE) continue;
        if (address != NULL && memcmp(other->address, address, sizeof other->address) != 0) continue;
        oldest = other;
        if (other->written == 0 && other->pending.size == 0) silent = other;
    }
    if (silent != NULL) return silent;
    return oldest != NULL && lane->host.now_ns - oldest->accepted_ns > HANDSHAKE_GRACE_MS * MS ? oldest : NULL;
}

/* Makes room at a bound: 0, or -1 where nobody can go, and the newcomer is refused. */
static int make_room(Lane *lane, const uint8_t *address, LaneCounter refused) {
    Connection *oldest = lane->tls ? least_advanced(lane, address) : NULL;
    if (oldest == NULL) {
        count_one(&lane->host, refused);
        return -1;
    }
    connection_close(oldest, LANE_ended_crowded);
    return 0;
}

static int is_full(Lane *lane, Connection *connection) {
    Host *host = &lane->host;
    if (lane_count(host->counters, LANE_connections_now) >= lane->max_connections &&
        make_room(lane, NULL, LANE_refused_connections) != 0)
        return 1;
    if (!lane->tls) return 0;
    if (lane_count(host->counters, LANE_handshakes_now) >= lane->max_handshakes &&
        make_room(lane, NULL, LANE_refused_handshakes) != 0)
        return 1;
    if (tally_add(&lane->addresses, connection->address, lane->max_handshakes_per_address) != 0) {
        if (make_room(lane, connection->address, LANE_refused_address) != 0) return 1;
        if (tally_add(&lane->addresses, connection->address, lane->max_handshakes_per_address) != 0) return 1;
    }
    connection->has_address = 1;
    count_one(host, LANE_handshakes_now);
    return 0;
}

static int begin(Lane *lane, Connection *connection) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    if (lane->tls) {
        connection->state = CONNECTION_HANDSHAKE;
        connection->ssl = secure_new(&lane->secure, &lane->pipe);
        if (connection->ssl == NULL) return -1;
        SSL_set_msg_callback(connection->ssl, connection_tls_message);
        SSL_set_msg_callback_arg(connection->ssl, connection);
    } else {
        connection->state = CONNECTION_OPEN;
        if (session_begin(&connection->session, &lane->host, lane->host.now_ns) != 0) return -1;
    }
    connection->interest = EPOLLIN;
    return epoll_ctl(lane->epoll, EPOLL_CTL_ADD, connection->fd, &event);
}

void connection_accepted(Lane *lane, int fd, const struct sockaddr_storage *from) {
    Host *host = &lane->host;
    Connection *connection = calloc(1, sizeof *connection);
    count_one(host, LANE_accepted);
    if (connection == NULL) {
        count_one(host, LANE_ended_unwell);
        close(fd);
        return;
    }
    connection->lane = lane;
    connection->fd = fd;
    connection->session.host = host;
    connection->accepted_ns = host->now_ns;
    connection->timer.kind = TIMER_CONNECTION;
    name_peer(connection, from);
    if (is_full(lane, connection)) {
        close(fd);
        free(connection);
        return;
    }
    connection->session.peer.id = ++lane->last_peer;
    connection->next = lane->connections;
    if (lane->connections != NULL) lane->connections->previous = connection;
    lane->connections = connection;
    count_one(host, LANE_connections_now);
    session_hold(&connection->session, sizeof *connection + (lane->tls ? TLS_BYTES : 0));
    wheel_set(&host->wheel, &connection->timer, host->now_ns + lane->check_ns);
    if (begin(lane, connection) != 0) connection_close(connection, LANE_ended_unwell);
    else if (!lane->tls) {
        if (lane->draining) connection_drain(connection, LANE_ended_drained);
        else connection_write(connection);
    }
}

/* One more of a device. Of more than its share the oldest goes, for who comes back from where there is no coverage has
 * left dead ones behind; its place is the newcomer's at once. What another connection has to send may lie in the lane's
 * buffers now, so it ends with the turn, or with its next timer where it takes nothing. */
static void admit_device(Connection *connection) {
    Lane *lane = connection->lane;
    Connection *oldest = NULL;
    connection->has_device = 1;
    if (tally_add(&lane->devices, connection->device, lane->max_connections_per_device) == 0) return;
    for (Connection *other = connection->next; other != NULL; other = other->next)
        if (other->has_device && memcmp(other->device, connection->device, sizeof other->device) == 0) oldest = other;
    if (oldest == NULL) {
        connection->has_device = 0;
        session_break(&connection->session, LANE_ended_device, NGHTTP2_ENHANCE_YOUR_CALM);
        return;
    }
    oldest->has_device = 0;
    session_break(&oldest->session, LANE_ended_device, NGHTTP2_ENHANCE_YOUR_CALM);
    lane_wants_turn(&oldest->session);
    wheel_set(&lane->host.wheel, &oldest->timer, lane->host.now_ns + WHEEL_TICK_NS);
}

int connection_secured(Connection *connection) {
    Lane *lane = connection->lane;
    Host *host = &lane->host;
    LanePeer *peer = &connection->session.peer;
    uint8_t *der = NULL;
    const unsigned char *protocol = NULL;
    unsigned protocol_size = 0;
    SSL_get0_alpn_selected(connection->ssl, &protocol, &protocol_size);
    if (protocol_size == 0 || secure_certificate(connection->ssl, &der, &peer->certificate_size, connection->device) != 0 ||
        session_begin(&connection->session, host, host->now_ns) != 0) {
        OPENSSL_free(der);
        peer->certificate_size = 0;
        connection_end(connection, LANE_ended_handshake_failed);
        return -1;
    }
    peer->certificate = der;
    forget_address(connection);
    count_one(host, SSL_session_reused(connection->ssl) ? LANE_handshakes_resumed : LANE_handshakes_full);
    connection->state = CONNECTION_OPEN;
    admit_device(connection);
    if (lane->draining) connection_drain(connection, LANE_ended_drained);
    return connection->state == CONNECTION_OPEN ? 0 : -1;
}

void connection_tls_message(int written, int version, int type, const void *bytes, size_t size, SSL *ssl, void *context) {
    (void)version, (void)ssl;
    Connection *connection = context;
    if (written || type != SSL3_RT_HANDSHAKE || size == 0 || *(const uint8_t *)bytes != SSL3_MT_KEY_UPDATE) return;
    connection->session.control_left -= KEY_UPDATE_COST;
    if (connection->session.control_left < 0)
        session_break(&connection->session, LANE_ended_tls, NGHTTP2_ENHANCE_YOUR_CALM);
}

/* Its calls end, the glue forgets it, and others may come in its place. */
static void leave(Connection *connection, LaneCounter why) {
    Lane *lane = connection->lane;
    const Host *host = &lane->host;
    connection->why = why;
    count_one(host, why);
    session_end(&connection->session, LANE_streams_closed);
    forget_address(connection);
    if (connection->has_device) tally_remove(&lane->devices, connection->device);
    connection->has_device = 0;
    if (host->callbacks.gone != NULL) host->callbacks.gone(host->callbacks.context, &connection->session.peer, (int)why);
}

static void linger(Connection *connection) {
    connection->state = CONNECTION_LINGERING;
    session_waits(&connection->session); /* for the last bytes to be taken */
    connection->stage_ns = connection->lane->host.now_ns;
    shutdown(connection->fd, SHUT_WR);
    set_interest(connection, EPOLLIN);
    wheel_set(&connection->lane->host.wheel, &connection->timer, connection->stage_ns + LINGER_MS * MS);
}

void connection_end(Connection *connection, LaneCounter why) {
    if (connection->state >= CONNECTION_FLUSHING) return;
    if (connection->staged > 0) lane_send_staged(connection->lane);
    leave(connection, why);
    connection->state = CONNECTION_FLUSHING;
    connection->stage_ns = connection->lane->host.now_ns;
    connection_say_last(connection);
    if (connection_send(connection, NULL) != 0) connection_close(connection, why);
    else if (connection->pending.size == 0) linger(connection);
    else set_interest(connection, EPOLLIN | EPOLLOUT);
}

/* What the peer does not take stays in the kernel, megabytes of it for minutes, unless the connection is reset. */
static void forget_unsent(const Connection *connection) {
    struct linger none = {.l_onoff = 1, .l_linger = 0};
    setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
}

void connection_close(Connection *connection, LaneCounter why) {
    Lane *lane = connection->lane;
    if (connection->state == CONNECTION_DEAD) return;
    if (connection->pending.size > 0) forget_unsent(connection);
    if (connection->state < CONNECTION_FLUSHING) leave(connection, why);
    connection->state = CONNECTION_DEAD;
    lane->cipher.size = 0;
    wheel_forget(&lane->host.wheel, &connection->timer);
    unlist(connection);
    close(connection->fd);
    SSL_free(connection->ssl);
    connection->ssl = NULL;
    session_release(&connection->session, connection->pending.capacity);
    output_end(&connection->pending);
    session_release(&connection->session, sizeof *connection + (lane->tls ? TLS_BYTES : 0));
    count_less(&lane->host, LANE_connections_now);
    connection->next = lane->dead;
    lane->dead = connection;
}

void connection_free(Connection *connection) {
    OPENSSL_free((void *)(uintptr_t)connection->session.peer.certificate);
    free(connection);
}

/* Why a session that neither reads nor writes any more has ended. */
static LaneCounter reason(const Connection *connection) {
    if (connection->session.broken != LANE_turn) return connection->session.broken;
    return connection->why != LANE_turn ? connection->why : LANE_ended_by_peer;
}

void connection_write(Connection *connection) {
    Lane *lane = connection->lane;
    if (connection->state >= CONNECTION_LINGERING) return;
    if (connection->failed) {
        connection_close(connection, LANE_ended_by_peer);
        return;
    }
    if (lane->cipher.size > 0 && connection_send(connection, NULL) != 0) {
        connection_close(connection, LANE_ended_by_peer);
        return;
    }
    for (;;) {
        lane->plain.size = 0;
        int failed = connection_flush(connection);
        if (failed == 0 && connection->pending.size == 0 && connection->state == CONNECTION_OPEN) {
            session_work(&connection->session, &lane->plain, WRITE_BYTES);
            if (lane->plain.size > 0) failed = connection_send(connection, &lane->plain);
        }
        if (failed) {
            connection_close(connection, LANE_ended_by_peer);
            return;
        }
        if (lane->plain.size == 0) break;
    }
    if (connection->state == CONNECTION_OPEN && session_is_over(&connection->session))
        connection_end(connection, reason(connection));
    else if (connection->state == CONNECTION_FLUSHING && connection->pending.size == 0) linger(connection);
    else connection_renew_interest(connection);
}

void connection_event(Connection *connection, uint32_t events) {
    if (connection->state == CONNECTION_DEAD) return;
    if (connection->state == CONNECTION_HANDSHAKE && connection->lane->handshakes_left-- <= 0)
        return; /* epoll tells it again, behind the others */
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR) && connection_receive(connection) != 0) return;
    connection_write(connection);
}

void connection_drain(Connection *connection, LaneCounter why) {
    if (connection->state != CONNECTION_OPEN || connection->drain_stage > 0) return;
    connection->drain_stage = 1;
    connection->why = why;
    connection->stage_ns = connection->lane->host.now_ns;
    session_notice(&connection->session);
    wheel_set(&connection->lane->host.wheel, &connection->timer, connection->stage_ns + GOAWAY_MS * MS);
    connection_write(connection);
}

void connection_break(Connection *connection, LaneCounter why) {
    if (connection->state != CONNECTION_OPEN) {
        if (connection->state == CONNECTION_HANDSHAKE) connection_close(connection, why);
        return;
    }
    session_break(&connection->session, why, NGHTTP2_NO_ERROR);
    connection_write(connection);
}

static void check_open(Connection *connection) {
    const Host *host = &connection->lane->host;
    const Session *session = &connection->session;
    int64_t now = host->now_ns;
    if (connection->pending.size > 0) connection_hear(connection);
    if (!session->settled && now - connection->accepted_ns > host->bounds.handshake_ns)
        connection_close(connection, LANE_ended_handshake_slow);
    else if (session->broken == LANE_ended_device && connection->pending.size > 0)
        connection_close(connection, LANE_ended_device);
    else if (connection->pending.size > 0 && now - session->taken_ns > host->bounds.stall_ns)
        connection_close(connection, LANE_ended_stalled);
    else if (session_check(&connection->session) != 0) connection_write(connection);
    else if (connection->drain_stage == 1 && now - connection->stage_ns >= GOAWAY_MS * MS) {
        connection->drain_stage = 2;
        session_goaway(&connection->session);
        session_end_watches(&connection->session);
        connection_write(connection);
    } else if (session->stream_count == 0 && now - session->last_stream_ns > host->bounds.idle_ns)
        connection_drain(connection, LANE_ended_idle);
    else if (host->bounds.age_ns > 0 && now - connection->accepted_ns > host->bounds.age_ns)
        connection_drain(connection, LANE_ended_aged);
    else connection_write(connection); /* what session_check refused */
}

/* Its session has ended, and so does the connection. Closed while the peer still speaks (windows that it opens, pings), a
 * socket is reset, and what is on its way is lost: over a bad link those are the last answers. Who never spoke HTTP/2 had
 * none, and where many are connected nobody is waited for so. */
static int is_over(Connection *connection) {
    const Lane *lane = connection->lane;
    const Host *host = &lane->host;
    int64_t since = host->now_ns - host->bounds.stall_ns;
    if (connection->state < CONNECTION_FLUSHING) return 0;
    int is_heard = connection_hear(connection);
    if (connection->state == CONNECTION_FLUSHING) return connection->stage_ns < since && connection->session.taken_ns < since;
    return connection->session.taken_ns < since || !connection->session.settled || is_heard ||
           lane_count(host->counters, LANE_connections_now) > lane->max_connections / 2;
}

void connection_check(Connection *connection) {
    Lane *lane = connection->lane;
    const Host *host = &lane->host;
    if (is_over(connection)) connection_close(connection, connection->why);
    else if (connection->state == CONNECTION_HANDSHAKE && host->now_ns - connection->accepted_ns > host->bounds.handshake_ns)
        connection_close(connection, LANE_ended_handshake_slow);
    else if (connection->state == CONNECTION_OPEN) check_open(connection);
    if (connection->state != CONNECTION_DEAD && connection->timer.next == NULL)
        wheel_set(&lane->host.wheel, &connection->timer, host->now_ns + lane->check_ns);
}
