/* What the fields of a request say, whether they are HTTP (RFC 9113, 8.2 and 8.3) and whether they are a gRPC call: the
 * order of the refusals is that of the rules. The library would look at each byte of each field of each call, the 600 of
 * a token among them; here what is compared as a whole needs no look, and what the compression's table keeps gets one. */
#include <stdlib.h>
#include <string.h>

#include "grpc_text.h"
#include "session.h"
#include "stream.h"

enum { FIELD_BYTES = 32 }; /* RFC 9113 6.5.2: what a field costs besides its name and value */

static const struct {
    const char *path;
    size_t size;
    int method;
} PATHS[] = {
#define PATH(path, method) {path, sizeof(path) - 1, method}
    PATH("/ronda.v1.CheckService/Check", LANE_CHECK),
    PATH("/ronda.v1.CheckService/CheckPerson", LANE_CHECK_PERSON),
    PATH("/ronda.v1.CheckService/CheckVehicle", LANE_CHECK_VEHICLE),
    PATH("/grpc.health.v1.Health/Check", LANE_HEALTH_CHECK),
    PATH("/grpc.health.v1.Health/Watch", LANE_HEALTH_WATCH),
#undef PATH
};

static int is(nghttp2_vec text, const char *word, size_t size) {
    return text.len == size && memcmp(text.base, word, size) == 0;
}
#define IS(text, word) is(text, word, sizeof(word) - 1)

static int method_of(nghttp2_vec path) {
    for (size_t i = 0; i < sizeof PATHS / sizeof PATHS[0]; i++)
        if (is(path, PATHS[i].path, PATHS[i].size)) return PATHS[i].method;
    return LANE_UNKNOWN_METHOD;
}

/* Whether the text begins with a word of small letters, whatever the case of its own (RFC 9110, 8.3.1 and 10.1.4). */
static int begins(nghttp2_vec text, const char *word, size_t size) {
    if (text.len < size) return 0;
    for (size_t i = 0; i < size; i++) {
        int letter = text.base[i];
        if ((letter >= 'A' && letter <= 'Z' ? letter + ('a' - 'A') : letter) != word[i]) return 0;
    }
    return 1;
}

/* application/grpc, application/grpc+proto, either with parameters behind ";". */
static int is_grpc(nghttp2_vec type) {
    static const char GRPC[] = "application/grpc", PROTO[] = "application/grpc+proto";
    size_t size = begins(type, PROTO, sizeof PROTO - 1) ? sizeof PROTO - 1 : sizeof GRPC - 1;
    if (!begins(type, GRPC, sizeof GRPC - 1)) return 0;
    while (size < type.len && (type.base[size] == ' ' || type.base[size] == '\t')) size++;
    return size == type.len || type.base[size] == ';';
}

/* Several are none, unless each is gRPC's. */
static void take_type(Stream *stream, nghttp2_vec type) {
    stream->is_grpc = (uint8_t)(is_grpc(type) && (stream->is_grpc || !stream->has_type));
    stream->has_type = 1;
}

/* What a field counts, as grpcio shows it: binary metadata without its base64. */
static size_t counted_size(nghttp2_vec name, nghttp2_vec value) {
    static const char BINARY[] = "-bin";
    size_t more = sizeof BINARY - 1, size = value.len;
    if (name.len >= more && memcmp(name.base + name.len - more, BINARY, more) == 0) {
        for (int i = 0; i < 2 && size > 0 && value.base[size - 1] == '='; i++) size--;
        size = size / 4 * 3 + size % 4 * 3 / 4;
    }
    return name.len + size + FIELD_BYTES;
}

static void take_timeout(Stream *stream, nghttp2_vec text) {
    int64_t timeout = timeout_ns(text.base, text.len);
    if (timeout < 0) {
        stream->bad_timeout = 1;
        return;
    }
    int64_t now = stream->session->host->now_ns;
    stream->deadline_ns = timeout > INT64_MAX - now ? INT64_MAX : now + timeout;
}

/* Several are one, joined by commas, as HTTP has it; two tokens are then none to whoever reads them. */
static int join_authorization(Stream *stream, nghttp2_vec more) {
    nghttp2_vec old = {(uint8_t *)stream->joined, stream->joined_size};
    if (stream->joined == NULL) old = nghttp2_rcbuf_get_buf(stream->authorization);
    size_t size = old.len + 1 + more.len; /* bounded by HEADERS_HARD_LIMIT */
    char *joined = malloc(size);
    if (joined == NULL) return -1;
    memcpy(joined, old.base, old.len);
    joined[old.len] = ',';
    if (more.len > 0) memcpy(joined + old.len + 1, more.base, more.len);
    stream_drop_authorization(stream);
    stream->joined = joined;
    stream->joined_size = size;
    session_hold(stream->session, size);
    return 0;
}

static int take_authorization(Stream *stream, nghttp2_rcbuf *value, nghttp2_vec text) {
    if (stream->authorization != NULL || stream->joined != NULL) return join_authorization(stream, text);
    nghttp2_rcbuf_incref(value);
    stream->authorization = value;
    return 0;
}

enum { SEEN_METHOD = 1, SEEN_PATH = 2, SEEN_SCHEME = 4, SEEN_AUTHORITY = 8, SEEN_NEEDED = 7 };

static void take_pseudo(Stream *stream, nghttp2_vec name, nghttp2_vec value) {
    uint8_t seen = 0;
    int sound = 1;
    if (IS(name, ":path")) {
        seen = SEEN_PATH;
        stream->method = method_of(value);
        sound = stream->method != LANE_UNKNOWN_METHOD || (value.len > 0 && nghttp2_check_path(value.base, value.len));
    } else if (IS(name, ":method")) {
        seen = SEEN_METHOD;
        stream->is_post = (uint8_t)IS(value, "POST");
        sound = stream->is_post || nghttp2_check_method(value.base, value.len);
    } else if (IS(name, ":scheme")) {
        seen = SEEN_SCHEME;
        sound = value.len > 0 && nghttp2_check_header_value_rfc9113(value.base, value.len);
    } else if (IS(name, ":authority")) {
        seen = SEEN_AUTHORITY;
        sound = nghttp2_check_authority(value.base, value.len);
    }
    if (seen == 0 || stream->seen & seen || stream->has_regular || !sound) stream->is_malformed = 1;
    stream->seen |= seen;
}

static void take_length(Stream *stream, nghttp2_vec text) {
    int64_t number = 0;
    int digits = text.len > 0 && text.len < 16 && stream->declared_size < 0;
    for (size_t i = 0; digits && i < text.len; i++) {
        digits = text.base[i] >= '0' && text.base[i] <= '9';
        number = number * 10 + (text.base[i] - '0');
    }
    stream->declared_size = number;
    if (!digits) stream->is_malformed = 1;
}

/* HTTP/1.1's, which HTTP/2 forbids. */
static int is_of_a_connection(nghttp2_vec name) {
    return IS(name, "connection") || IS(name, "proxy-connection") || IS(name, "keep-alive") || IS(name, "upgrade") ||
           IS(name, "transfer-encoding");
}

int stream_header(Stream *stream, nghttp2_rcbuf *name_buffer, nghttp2_rcbuf *value_buffer) {
    nghttp2_vec name = nghttp2_rcbuf_get_buf(name_buffer), value = nghttp2_rcbuf_get_buf(value_buffer);
    if (name.len > 0 && name.base[0] == ':') {
        take_pseudo(stream, name, value);
        return 0;
    }
    stream->has_regular = 1;
    if (!value_is_sound(stream->session, value_buffer)) stream->is_malformed = 1;
    switch (name.len) { /* HTTP's and gRPC's own, which are not counted as metadata */
    case 2:
        if (!IS(name, "te")) break;
        if (value.len == 8 && begins(value, "trailers", 8)) stream->has_trailers = 1;
        else stream->is_malformed = 1; /* RFC 9113, 8.2.2 */
        return 0;
    case 12:
        if (IS(name, "content-type")) take_type(stream, value);
        else if (IS(name, "grpc-timeout")) take_timeout(stream, value);
        else break;
        return 0;
    case 13:
        if (IS(name, "authorization")) {
            stream->metadata_size += counted_size(name, value);
            stream->metadata_fields++;
            return take_authorization(stream, value_buffer, value);
        }
        if (!IS(name, "grpc-encoding")) break;
        if (!IS(value, "identity")) stream->is_encoded = 1; /* whatever stands beside it */
        return 0;
    case 14:
        if (IS(name, "content-length")) take_length(stream, value);
        break;
    case 20:
        if (IS(name, "grpc-accept-encoding")) return 0;
        break;
    default: break;
    }
    if (!nghttp2_check_header_name(name.base, name.len) || is_of_a_connection(name)) stream->is_malformed = 1;
    stream->metadata_size += counted_size(name, value);
    stream->metadata_fields++;
    return 0;
}

static void refuse(Stream *stream, LaneCounter cause, int status, const char *http_status, const char *text) {
    count_one(stream->session->host, cause);
    stream_refuse(stream, status, http_status, text);
}

void stream_headers_end(Stream *stream) {
    const Host *host = stream->session->host;
    stream->state = STREAM_MESSAGE;
    if (stream->is_malformed || (stream->seen & SEEN_NEEDED) != SEEN_NEEDED) {
        stream_reset(stream, NGHTTP2_PROTOCOL_ERROR);
        return;
    }
    if (stream->deadline_ns == INT64_MAX && stream->method != LANE_HEALTH_WATCH)
        stream->deadline_ns = host->now_ns + host->bounds.default_deadline_ns;
    if (!stream->is_post) refuse(stream, LANE_refused_http, 13, "405", "a gRPC call is a POST");
    else if (!stream->is_grpc) refuse(stream, LANE_refused_http, 3, "415", "content-type is not application/grpc");
    else if (!stream->has_trailers) refuse(stream, LANE_refused_http, 2, "200", "te: trailers is missing");
    else if (stream->bad_timeout) refuse(stream, LANE_refused_timeout, 13, "200", "grpc-timeout is malformed");
    else if (stream->method == LANE_UNKNOWN_METHOD) stream_ask(stream, LANE_METHOD_UNKNOWN, LANE_refused_method);
    else if (stream->is_encoded)
        refuse(stream, LANE_refused_encoding, 12, "200", "grpc-encoding: this server takes identity alone");
    else if (stream->metadata_size > host->bounds.max_metadata)
        stream_ask(stream, LANE_METADATA_LARGE, LANE_refused_metadata);
    else if (stream->session->held > host->bounds.connection_budget || host->held > host->bounds.total_budget)
        stream_ask(stream, LANE_MEMORY_FULL, LANE_refused_memory);
}
