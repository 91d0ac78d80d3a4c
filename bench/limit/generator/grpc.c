/* gRPC over HTTP/2 (RFC 9113), the client's side of what a unary call needs.
 *
 * Frames are written here, for two reasons: the generator has one core and must not be the slower end, and gRPC's own
 * clients put path and token into the dynamic table, so that they cost a byte a call; libnghttp2's encoder never
 * does so with a token. Response headers are read by libnghttp2's HPACK decoder.
 */
#include "load.h"

#include <nghttp2/nghttp2.h>
#include <stdlib.h>
#include <string.h>

enum { DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION };
enum { END_STREAM = 1, ACK = 1, END_HEADERS = 4, PADDED = 8, HAS_PRIORITY = 32 };
enum { TABLE_SIZE = 1, MOST_STREAMS = 3, FIRST_WINDOW = 4 };
enum { CODE_REFUSED = 7, FRAME_HEAD = 9, LONGEST_FRAME = 16384, TABLE = 4096, BLOCK_ROOM = 65536 };
enum { OUR_WINDOW = 0x7fffffff, GIVEN_FIRST = 65535, GIVE_BACK_AT = 1 << 24 };

typedef struct Grpc {
    nghttp2_hd_inflater* inflater;
    int64_t window;                             /* bytes that the other end takes */
    uint32_t table, used_window;
    int32_t next_stream, block_stream;          /* block_stream: whose headers go on in CONTINUATION */
    bool settled, indexed, block_ends_stream;
    uint8_t first[4096], later[64];             /* header blocks of the first call and of those after it */
    size_t first_size, later_size, block_size;
    uint8_t* block;
    char said[200];                             /* grpc-message of the call whose headers are read */
    size_t said_size;
} Grpc;

static void put32(uint8_t* to, uint32_t value) {
    to[0] = (uint8_t)(value >> 24); to[1] = (uint8_t)(value >> 16); to[2] = (uint8_t)(value >> 8); to[3] = (uint8_t)value;
}
static uint32_t get32(const uint8_t* at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void frame_head(uint8_t* to, size_t size, int type, int flags, int32_t stream) {
    put32(to, (uint32_t)size << 8);
    to[3] = (uint8_t)type;
    to[4] = (uint8_t)flags;
    put32(to + 5, (uint32_t)stream);
}

static void frame(Connection* connection, int type, int flags, int32_t stream, const void* payload, size_t size) {
    uint8_t whole[FRAME_HEAD + 64];
    frame_head(whole, size, type, flags, stream);
    if (size) memcpy(whole + FRAME_HEAD, payload, size);
    connection_write(connection, whole, FRAME_HEAD + size);
}

/* ------------------------------------------------------------------------------------------------ what is sent */

static size_t number(uint8_t* to, int prefix_bits, uint8_t first, size_t value) {     /* RFC 7541, 5.1 */
    size_t most = (1u << prefix_bits) - 1, at = 1;
    if (value < most) { to[0] = first | (uint8_t)value; return 1; }
    to[0] = first | (uint8_t)most;
    for (value -= most; value >= 128; value >>= 7) to[at++] = (uint8_t)(128 | (value & 127));
    to[at++] = (uint8_t)value;
    return at;
}

typedef struct Field { int name; const char *name_text, *value; } Field;      /* name: of the static table, 0 = none */

/* Both blocks. Where the other end's table holds all fields they are indexed by the first call, and a byte each later. */
static void make_blocks(Connection* connection, Grpc* grpc) {
    const char* token = load.tokens[connection->place->number % load.options.identities];
    const Field fields[] = {
        {4, ":path", load.options.path},       {1, ":authority", load.options.server_name},
        {0, "te", "trailers"},                 {31, "content-type", "application/grpc"},
        {58, "user-agent", "ronda-limit/1"},   {0, "grpc-timeout", "5S"},
        {23, "authorization", token},
    };
    size_t count = sizeof fields / sizeof *fields - !token, size = 0;
    for (size_t place = 0; place < count; place++) size += strlen(fields[place].name_text) + strlen(fields[place].value) + 32;
    if (size > sizeof grpc->first - 256) give_up("a token of over %zu bytes", sizeof grpc->first - 256);
    grpc->indexed = size <= grpc->table;
    uint8_t* to = grpc->first;
    *to++ = 0x83;                                                             /* :method POST */
    *to++ = connection->tls ? 0x87 : 0x86;                                    /* :scheme */
    for (size_t place = 0; place < count; place++) {
        const Field* field = &fields[place];
        to += grpc->indexed ? number(to, 6, 0x40, (size_t)field->name) : number(to, 4, 0, (size_t)field->name);
        if (!field->name) {
            to += number(to, 7, 0, strlen(field->name_text));
            memcpy(to, field->name_text, strlen(field->name_text));
            to += strlen(field->name_text);
        }
        to += number(to, 7, 0, strlen(field->value));
        memcpy(to, field->value, strlen(field->value));
        to += strlen(field->value);
    }
    grpc->first_size = (size_t)(to - grpc->first);
    grpc->later[0] = grpc->first[0];
    grpc->later[1] = grpc->first[1];
    for (size_t place = 0; place < count; place++) grpc->later[2 + place] = (uint8_t)(0x80 | (62 + count - 1 - place));
    grpc->later_size = 2 + count;
}

static void greet(Connection* connection) {
    static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    static const uint8_t settings[] = {0, 2, 0, 0, 0, 0, 0, 4, 0, 64, 0, 0};  /* no push; 4 MiB a stream */
    uint8_t more[4];
    Grpc* grpc = calloc(1, sizeof *grpc);
    connection->state = grpc;
    if (nghttp2_hd_inflate_new(&grpc->inflater)) give_up("no memory");
    grpc->window = GIVEN_FIRST;
    grpc->table = TABLE;
    grpc->next_stream = 1;
    grpc->block = malloc(BLOCK_ROOM);
    connection_write(connection, preface, sizeof preface - 1);
    frame(connection, SETTINGS, 0, 0, settings, sizeof settings);
    put32(more, OUR_WINDOW - GIVEN_FIRST);
    frame(connection, WINDOW_UPDATE, 0, 0, more, sizeof more);
}

static bool send_call(Connection* connection, Call* call) {
    Grpc* grpc = connection->state;
    uint8_t whole[2 * FRAME_HEAD + sizeof grpc->first + 5 + REQUEST_ROOM], *to = whole;
    bool first = grpc->next_stream == 1 || !grpc->indexed;
    size_t block = first ? grpc->first_size : grpc->later_size, size = call->request_size;
    if (grpc->window < (int64_t)size + 5) return false;
    grpc->window -= (int64_t)size + 5;
    frame_head(to, block, HEADERS, END_HEADERS, grpc->next_stream);
    memcpy(to + FRAME_HEAD, first ? grpc->first : grpc->later, block);
    to += FRAME_HEAD + block;
    frame_head(to, size + 5, DATA, END_STREAM, grpc->next_stream);
    to += FRAME_HEAD;
    *to = 0;
    put32(to + 1, (uint32_t)size);
    memcpy(to + 5, call->request, size);
    connection_write(connection, whole, (size_t)(to + 5 + size - whole));
    connection->streams[connection->open_calls] = grpc->next_stream;
    grpc->next_stream += 2;
    return true;
}

/* ------------------------------------------------------------------------------------------------ what comes */

static int index_of(const Connection* connection, int32_t stream) {
    for (int index = 0; index < connection->open_calls; index++)
        if (connection->streams[index] == stream) return index;
    return -1;
}

/* A stream ended, by trailers or by a reset. */
static void ended(Connection* connection, Grpc* grpc, int32_t stream) {
    int index = index_of(connection, stream);
    if (index < 0) return;
    Call* call = connection->calls[index];
    if (call->status == 0 && call->http_status == 200) {
        if (call->verdict == UNSEEN) call->verdict = WRONG;
        call_done(connection, index, call->received);
    } else call_failed(connection, index, call->status < 0 ? FAILED_MALFORMED : call->status, grpc->said, grpc->said_size);
}

static void data_came(Connection* connection, int32_t stream, const uint8_t* data, size_t size) {
    int index = index_of(connection, stream);
    if (index < 0) return;
    Call* call = connection->calls[index];
    if (!call->received && size >= 5 && size == 5 + (size_t)get32(data + 1)) {      /* whole, the common case */
        call->verdict = !data[0] && call_is_right(call, data + 5, size - 5) ? RIGHT : WRONG;
        call->received = (uint32_t)size;
        return;
    }
    if (call->received + size > ANSWER_ROOM) { call->verdict = WRONG; return; }
    memcpy(call->answer + call->received, data, size);
    call->received += (uint32_t)size;
    if (call->received >= 5 && call->received == 5 + get32(call->answer + 1))
        call->verdict = !call->answer[0] && call_is_right(call, call->answer + 5, call->received - 5) ? RIGHT : WRONG;
}

static void header_came(Grpc* grpc, Call* call, const nghttp2_nv* field) {
    const char* value = (const char*)field->value;
    if (field->namelen == 11 && !memcmp(field->name, "grpc-status", 11)) {
        call->status = 0;
        for (size_t place = 0; place < field->valuelen; place++) call->status = 10 * call->status + (value[place] - '0');
    } else if (field->namelen == 7 && !memcmp(field->name, ":status", 7))
        call->http_status = field->valuelen == 3 && !memcmp(value, "200", 3) ? 200 : 0;
    else if (field->namelen == 12 && !memcmp(field->name, "grpc-message", 12)) {
        grpc->said_size = field->valuelen < sizeof grpc->said ? field->valuelen : sizeof grpc->said;
        memcpy(grpc->said, value, grpc->said_size);
    }
}

static bool headers_came(Connection* connection, Grpc* grpc, int32_t stream, const uint8_t* block, size_t size, bool end) {
    Call no_call = {0};                         /* the decoder must see the headers of calls that are gone, too */
    int index = index_of(connection, stream);
    Call* call = index < 0 ? &no_call : connection->calls[index];
    grpc->said_size = 0;
    for (;;) {
        nghttp2_nv field;
        int flags = 0;
        ssize_t used = nghttp2_hd_inflate_hd2(grpc->inflater, &field, &flags, block, size, 1);
        if (used < 0) return false;
        block += used;
        size -= (size_t)used;
        if (flags & NGHTTP2_HD_INFLATE_EMIT) header_came(grpc, call, &field);
        if (flags & NGHTTP2_HD_INFLATE_FINAL) break;
        if (!(flags & NGHTTP2_HD_INFLATE_EMIT) && !size) return false;
    }
    nghttp2_hd_inflate_end_headers(grpc->inflater);
    if (end) ended(connection, grpc, stream);
    return true;
}

static void settings_came(Connection* connection, Grpc* grpc, const uint8_t* payload, size_t size) {
    for (size_t at = 0; at + 6 <= size; at += 6) {
        uint32_t id = (uint32_t)payload[at] << 8 | payload[at + 1], value = get32(payload + at + 2);
        if (id == TABLE_SIZE && value < grpc->table) grpc->table = 0;         /* then nothing is put into it */
        if (id == MOST_STREAMS) connection->allowed = value < 1u << 30 ? (int)value : 1 << 30;
        if (id == FIRST_WINDOW && value < REQUEST_ROOM + 5) give_up("the server takes %u bytes a stream", value);
    }
    frame(connection, SETTINGS, ACK, 0, NULL, 0);
    if (grpc->settled) return;
    grpc->settled = connection->ready = true;
    make_blocks(connection, grpc);
}

static void goaway_came(Connection* connection, int32_t last) {
    load.counts.goaways++;
    for (int index = connection->open_calls - 1; index >= 0; index--)
        if (connection->streams[index] > last) call_refused(connection, index);
    connection_leave(connection);
}

static bool frame_came(Connection* connection, Grpc* grpc, int type, int flags, int32_t stream, uint8_t* payload, size_t size) {
    size_t pad = 0;
    if ((type == DATA || type == HEADERS) && flags & PADDED) {
        if (size < 1 || size < 1u + payload[0]) return false;
        pad = payload[0];
        payload++;
        size -= 1 + pad;
    }
    switch (type) {
    case DATA:
        grpc->used_window += (uint32_t)(size + pad);
        if (grpc->used_window > GIVE_BACK_AT) {
            uint8_t more[4];
            put32(more, grpc->used_window);
            frame(connection, WINDOW_UPDATE, 0, 0, more, sizeof more);
            grpc->used_window = 0;
        }
        data_came(connection, stream, payload, size);
        if (flags & END_STREAM) ended(connection, grpc, stream);
        return true;
    case HEADERS:
        if (flags & HAS_PRIORITY) { if (size < 5) return false; payload += 5; size -= 5; }
        if (flags & END_HEADERS) return headers_came(connection, grpc, stream, payload, size, flags & END_STREAM);
        grpc->block_stream = stream;
        grpc->block_ends_stream = flags & END_STREAM;
        grpc->block_size = 0;
        /* fall through */
    case CONTINUATION:
        if (stream != grpc->block_stream || grpc->block_size + size > BLOCK_ROOM) return false;
        memcpy(grpc->block + grpc->block_size, payload, size);
        grpc->block_size += size;
        if (!(flags & END_HEADERS)) return true;
        return headers_came(connection, grpc, stream, grpc->block, grpc->block_size, grpc->block_ends_stream);
    case RST_STREAM: {
        int index = index_of(connection, stream);
        if (index < 0 || size < 4) return size >= 4;
        if (get32(payload) == CODE_REFUSED) call_refused(connection, index);
        else call_failed(connection, index, STATUS_CANCELLED, "reset", 5);
        return true;
    }
    case SETTINGS:
        if (!(flags & ACK)) settings_came(connection, grpc, payload, size);
        return true;
    case PING:
        if (!(flags & ACK) && size == 8) frame(connection, PING, ACK, 0, payload, 8);
        return true;
    case GOAWAY:
        if (size < 8) return false;
        goaway_came(connection, (int32_t)(get32(payload) & 0x7fffffff));
        return true;
    case WINDOW_UPDATE:
        if (size == 4 && !stream) grpc->window += get32(payload) & 0x7fffffff;
        return true;
    default:
        return type != PUSH_PROMISE;
    }
}

static ptrdiff_t receive(Connection* connection, uint8_t* data, size_t size) {
    Grpc* grpc = connection->state;
    size_t at = 0;
    while (size - at >= FRAME_HEAD) {
        uint8_t* head = data + at;
        size_t length = get32(head) >> 8;
        if (length > LONGEST_FRAME) return -1;
        if (size - at < FRAME_HEAD + length) break;
        int32_t stream = (int32_t)(get32(head + 5) & 0x7fffffff);
        if (!frame_came(connection, grpc, head[3], head[4], stream, head + FRAME_HEAD, length)) return -1;
        at += FRAME_HEAD + length;
    }
    return (ptrdiff_t)at;
}

static void forget(Connection* connection) {
    Grpc* grpc = connection->state;
    if (!grpc) return;
    nghttp2_hd_inflate_del(grpc->inflater);
    free(grpc->block);
    free(grpc);
}

const Protocol grpc_protocol = {true, greet, send_call, receive, forget};
