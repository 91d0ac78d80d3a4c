/* What the fields of a request say, and whether they are a gRPC call: the order of the refusals is that of the rules. */
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

/* application/grpc, application/grpc+proto, either with parameters behind ";". */
static int is_grpc(nghttp2_vec type) {
    static const char GRPC[] = "application/grpc", PROTO[] = "+proto";
    size_t size = sizeof GRPC - 1, more = sizeof PROTO - 1;
    if (type.len < size || memcmp(type.base, GRPC, size) != 0) return 0;
    if (type.len >= size + more && memcmp(type.base + size, PROTO, more) == 0) size += more;
    return type.len == size || type.base[size] == ';';
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

int stream_header(Stream *stream, nghttp2_rcbuf *name_buffer, nghttp2_rcbuf *value_buffer) {
    nghttp2_vec name = nghttp2_rcbuf_get_buf(name_buffer), value = nghttp2_rcbuf_get_buf(value_buffer);
    if (name.len > 0 && name.base[0] == ':') {
        if (IS(name, ":path")) stream->method = method_of(value);
        else if (IS(name, ":method")) stream->is_post = (uint8_t)IS(value, "POST");
        return 0;
    }
    int kept = 0;
    switch (name.len) { /* HTTP's and gRPC's own, which are not counted as metadata */
    case 2:
        if (!IS(name, "te")) break;
        stream->has_trailers = (uint8_t)IS(value, "trailers");
        return 0;
    case 12:
        if (IS(name, "content-type")) stream->is_grpc = (uint8_t)is_grpc(value);
        else if (IS(name, "grpc-timeout")) take_timeout(stream, value);
        else break;
        return 0;
    case 13:
        if (IS(name, "authorization")) kept = take_authorization(stream, value_buffer, value);
        else if (IS(name, "grpc-encoding")) {
            stream->is_encoded = (uint8_t)!IS(value, "identity");
            return 0;
        }
        break;
    case 20:
        if (IS(name, "grpc-accept-encoding")) return 0;
        break;
    default: break;
    }
    stream->metadata_size += name.len + value.len + FIELD_BYTES;
    stream->metadata_fields++;
    return kept;
}

static void refuse(Stream *stream, LaneCounter cause, int status, const char *http_status, const char *text) {
    count_one(stream->session->host, cause);
    stream_refuse(stream, status, http_status, text);
}

void stream_headers_end(Stream *stream) {
    const Host *host = stream->session->host;
    stream->state = STREAM_MESSAGE;
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
