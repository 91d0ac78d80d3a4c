/* Redis (RESP) and PostgreSQL (protocol 3.0, one prepared SELECT): the same keys, in plaintext. Both answer in order. */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void judge(Connection* connection, const uint8_t* answer, size_t size) {
    Call* call = connection->calls[0];
    call->verdict = call_is_right(call, answer, size) ? RIGHT : WRONG;
    call_done(connection, 0, size);
}

/* ------------------------------------------------------------------------------------------------ Redis */

static void redis_open(Connection* connection) { connection->ready = true; }
static void nothing_to_close(Connection* connection) { (void)connection; }

static bool redis_send(Connection* connection, Call* call) {
    Question question = question_at(&load.questions, call->question);
    char command[128];
    int size = snprintf(command, sizeof command, "*2\r\n$3\r\nGET\r\n$%zu\r\n%.*s\r\n", question_text_size(question),
                        (int)question_text_size(question), (const char*)question_text(question));
    connection_write(connection, command, (size_t)size);
    return true;
}

static ptrdiff_t redis_receive(Connection* connection, uint8_t* data, size_t size) {
    size_t at = 0;
    while (connection->open_calls) {
        uint8_t* end = memchr(data + at, '\n', size - at);
        if (!end) break;
        long length = data[at] == '$' ? strtol((char*)data + at + 1, NULL, 10) : -1;
        size_t head = (size_t)(end - data) + 1;
        if (length < 0) {                                       /* an error, or a key that is not there */
            judge(connection, data + at, 0);
            at = head;
            continue;
        }
        if (size - head < (size_t)length + 2) break;
        judge(connection, data + head, (size_t)length);
        at = head + (size_t)length + 2;
    }
    return (ptrdiff_t)at;
}

const Protocol redis_protocol = {false, redis_open, redis_send, redis_receive, nothing_to_close};

/* ------------------------------------------------------------------------------------------------ PostgreSQL */

static void put16(uint8_t** to, unsigned value) { *(*to)++ = (uint8_t)(value >> 8); *(*to)++ = (uint8_t)value; }
static void put32(uint8_t** to, size_t value) { put16(to, (unsigned)(value >> 16)); put16(to, (unsigned)(value & 0xffff)); }
static uint32_t get32(const uint8_t* at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void postgres_open(Connection* connection) {
    static const char query[] = "SELECT body FROM answer WHERE cui = $1";
    static const char who[] = "user\0ronda\0database\0ronda\0";
    uint8_t whole[256], *to = whole;
    put32(&to, 8 + sizeof who);
    put32(&to, 196608);
    memcpy(to, who, sizeof who);
    to += sizeof who;
    *to++ = 'P';
    put32(&to, 4 + 2 + sizeof query + 2);
    memcpy(to, "q", 2);
    memcpy(to + 2, query, sizeof query);
    to += 2 + sizeof query;
    put16(&to, 0);
    *to++ = 'S';
    put32(&to, 4);
    connection_write(connection, whole, (size_t)(to - whole));
}

static bool postgres_send(Connection* connection, Call* call) {
    Question question = question_at(&load.questions, call->question);
    size_t size = question_text_size(question);
    uint8_t whole[256], *to = whole;
    if (size > 128) give_up("a key of over 128 bytes");
    *to++ = 'B';
    put32(&to, 4 + 1 + 2 + 2 + 2 + 4 + size + 2 + 2);
    memcpy(to, "\0q", 3);                                       /* portal "", statement "q" */
    to += 3;
    put16(&to, 0);
    put16(&to, 1);
    put32(&to, size);
    memcpy(to, question_text(question), size);
    to += size;
    put16(&to, 1);
    put16(&to, 1);                                              /* bytes as they are */
    *to++ = 'E';
    put32(&to, 4 + 1 + 4);
    *to++ = 0;
    put32(&to, 0);
    *to++ = 'S';
    put32(&to, 4);
    connection_write(connection, whole, (size_t)(to - whole));
    return true;
}

static ptrdiff_t postgres_receive(Connection* connection, uint8_t* data, size_t size) {
    size_t at = 0;
    while (size - at >= 5) {
        const uint8_t* message = data + at + 5;
        size_t length = get32(data + at + 1);
        if (length < 4) return -1;
        if (size - at < 1 + length) break;
        uint8_t kind = data[at];
        at += 1 + length;
        if (kind == 'E') return -1;
        if (kind == 'Z' && !connection->ready && connection->state) connection->ready = true;
        if (kind == '1') connection->state = connection;        /* the statement is prepared: the next Z is ours */
        if (kind == 'D' && connection->open_calls && length >= 10) judge(connection, message + 6, length - 10);
        if (kind == 'C' && connection->open_calls && message[7] == '0') judge(connection, message, 0);   /* SELECT 0 */
    }
    return (ptrdiff_t)at;
}

static void postgres_close(Connection* connection) { connection->state = NULL; }

const Protocol postgres_protocol = {false, postgres_open, postgres_send, postgres_receive, postgres_close};
