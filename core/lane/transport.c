/* Between socket and session: one recv and one send a turn and connection, TLS over memory in between. */
#include <errno.h>
#include <openssl/err.h>
#include <string.h>
#include <sys/ioctl.h>

#include "../machine/invariant.h"
#include "connection.h"

static void hold_pending(Connection *connection, size_t before) {
    session_release(&connection->session, before);
    session_hold(&connection->session, connection->pending.capacity);
}

/* What the socket does not take now. */
static int keep(Connection *connection, const uint8_t *bytes, size_t size) {
    size_t before = connection->pending.capacity;
    if (connection->pending.size == 0) session_waits(&connection->session);
    if (output_add(&connection->pending, bytes, size) != 0) return -1;
    hold_pending(connection, before);
    return 0;
}

/* Bytes that the socket took; -1 = it failed. */
static ssize_t send_some(Connection *connection, const uint8_t *bytes, size_t size) {
    ssize_t sent = send(connection->fd, bytes, size, MSG_NOSIGNAL);
    if (sent >= 0) {
        connection->written += (uint64_t)sent;
        count_add(connection->lane->host.counters, LANE_bytes_written, (uint64_t)sent);
        return sent;
    }
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0 : -1;
}

int connection_flush(Connection *connection) {
    Output *pending = &connection->pending;
    if (pending->size == 0) return 0;
    ssize_t sent = send_some(connection, pending->bytes + connection->pending_sent, pending->size - connection->pending_sent);
    if (sent < 0) return -1;
    connection->pending_sent += (size_t)sent;
    INVARIANT(connection->pending_sent <= pending->size, "more was sent than waited");
    if (connection->pending_sent < pending->size) return 0;
    session_release(&connection->session, pending->capacity);
    output_end(pending);
    connection->pending_sent = 0;
    return 0;
}

/* Each send wakes its peer, and whoever serves many connections (a proxy, a generator on this machine) is woken for each
 * answer alone: what several connections have to send goes out behind one another. Nothing is closed here, for another
 * connection's bytes may stand in the lane's buffers. */
void lane_send_staged(Lane *lane) {
    size_t at = 0;
    int n = lane->n_parts;
    lane->n_parts = 0;
    for (int i = 0; i < n; i++) {
        Connection *connection = lane->parts[i].connection;
        const uint8_t *bytes = lane->staged.bytes + at;
        size_t size = lane->parts[i].size;
        at += size;
        INVARIANT(at <= lane->staged.size && connection->staged > 0, "the lane's staged parts pass their bytes");
        connection->staged--;
        if (connection->state == CONNECTION_DEAD || connection->failed) continue;
        ssize_t sent = connection->pending.size == 0 ? send_some(connection, bytes, size) : 0;
        if (sent >= 0 && (size_t)sent < size) {
            sent = keep(connection, bytes + sent, size - (size_t)sent);
            connection_renew_interest(connection);
        }
        if (sent < 0) {
            connection->failed = 1;
            lane_wants_turn(&connection->session);
        }
    }
    lane->staged.size = 0;
}

/* -1 = it has to be sent by itself. */
static int stage(Connection *connection, const Output *out) {
    Lane *lane = connection->lane;
    if (!lane->staging || connection->state != CONNECTION_OPEN || connection->pending.size > 0 || out->size > STAGED_BYTES)
        return -1;
    if (lane->n_parts == STAGED_PARTS || lane->staged.size + out->size > STAGED_BYTES) {
        lane_send_staged(lane);
        if (connection->pending.size > 0 || connection->failed) return -1;
    }
    if (output_add(&lane->staged, out->bytes, out->size) != 0) return -1;
    lane->parts[lane->n_parts++] = (StagedPart){connection, out->size};
    connection->staged++;
    return 0;
}

int connection_send(Connection *connection, const Output *plain) {
    Lane *lane = connection->lane;
    const Output *out = plain;
    if (connection->ssl != NULL) {
        out = &lane->cipher;
        lane->pipe.out = &lane->cipher;
        size_t written = 0;
        if (plain != NULL && plain->size > 0) {
            ERR_clear_error();
            if (SSL_write_ex(connection->ssl, plain->bytes, plain->size, &written) != 1) {
                lane->cipher.size = 0;
                return -1;
            }
        }
    }
    ssize_t sent = 0;
    if (out != NULL && out->size > 0 && stage(connection, out) != 0) {
        if (connection->staged > 0) lane_send_staged(lane);
        if (connection->failed) sent = -1;
        else if (connection->pending.size == 0) sent = send_some(connection, out->bytes, out->size);
        if (sent >= 0 && (size_t)sent < out->size) sent = keep(connection, out->bytes + sent, out->size - (size_t)sent);
    }
    lane->cipher.size = 0;
    return sent < 0 ? -1 : 0;
}

void connection_say_last(Connection *connection) {
    if (connection->ssl == NULL || !SSL_is_init_finished(connection->ssl)) return;
    connection->lane->pipe.out = &connection->lane->cipher;
    ERR_clear_error();
    SSL_shutdown(connection->ssl);
    ERR_clear_error();
}

int connection_hear(Connection *connection) {
    int unheard = 0;
    if (ioctl(connection->fd, TIOCOUTQ, &unheard) != 0) return 1;
    uint64_t heard = connection->written > (uint64_t)unheard ? connection->written - (uint64_t)unheard : 0; /* a FIN is one */
    if (heard > connection->heard) {
        session_taken(&connection->session, heard - connection->heard);
        connection->heard = heard;
    }
    return unheard == 0;
}

static int handshake(Connection *connection) {
    ERR_clear_error();
    int done = SSL_do_handshake(connection->ssl);
    if (done == 1) return connection_secured(connection);
    if (SSL_get_error(connection->ssl, done) == SSL_ERROR_WANT_READ) return 0;
    ERR_clear_error();
    connection_end(connection, LANE_ended_handshake_failed);
    return -1;
}

static int decrypt(Connection *connection) {
    Lane *lane = connection->lane;
    uint8_t *plain = lane->received + READ_BYTES;
    while (connection->session.broken == LANE_turn) {
        size_t size = 0;
        ERR_clear_error();
        int done = SSL_read_ex(connection->ssl, plain, RECORD_BYTES, &size);
        if (done == 1) {
            session_receive(&connection->session, plain, size);
            continue;
        }
        int error = SSL_get_error(connection->ssl, done);
        if (error == SSL_ERROR_WANT_READ) return 0;
        ERR_clear_error();
        if (error == SSL_ERROR_ZERO_RETURN) connection_close(connection, LANE_ended_by_peer);
        else connection_end(connection, LANE_ended_tls);
        return -1;
    }
    return 0;
}

int connection_receive(Connection *connection) {
    Lane *lane = connection->lane;
    ssize_t got = recv(connection->fd, lane->received, READ_BYTES, 0);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return 0;
    if (got <= 0) {
        LaneCounter why = connection->state == CONNECTION_HANDSHAKE ? LANE_ended_handshake_failed : LANE_ended_by_peer;
        connection_close(connection, why);
        return -1;
    }
    count_add(lane->host.counters, LANE_bytes_read, (uint64_t)got);
    if (connection->state >= CONNECTION_FLUSHING) return 0; /* nobody listens any more */
    if (connection->ssl == NULL) {
        session_receive(&connection->session, lane->received, (size_t)got);
        return 0;
    }
    lane->pipe = (Pipe){lane->received, (size_t)got, &lane->cipher};
    if (connection->state == CONNECTION_HANDSHAKE && handshake(connection) != 0) return -1;
    return connection->state == CONNECTION_OPEN ? decrypt(connection) : 0;
}
