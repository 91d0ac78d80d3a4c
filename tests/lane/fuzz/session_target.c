/* libFuzzer: bytes of a client into a session, without a socket.
 *
 * The first byte chooses: 1 = the client's preface and SETTINGS are given first; 2 = pieces of few bytes; 4 = time passes
 * between the pieces (half a second each); 8 = a drain half-way; 16 = output of few bytes at a time; 32 = small budgets;
 * 64 = what is parked is ended after each piece; 128 = each n-th allocation fails, n in the second byte. What goes out must
 * be whole frames; what was held must be given back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../core/lane/session.h"

enum { PARKED = 64, FRAME_HEAD = 9, LARGEST_FRAME = 16384, ALL_OUTPUT = 1 << 20 };

static struct {
    uint64_t tickets[PARKED];
    int count;
    LaneCounters counters;
    Output out;
    int allocations, fail_every; /* 0 = none fails */
} fuzz;

/* The linker's --wrap brings the lane's allocations here, and by counted_memory the library's. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t number, size_t size);
void *__real_realloc(void *block, size_t size);

static int fails(void) { return fuzz.fail_every != 0 && ++fuzz.allocations % fuzz.fail_every == 0; }

void *__wrap_malloc(size_t size) { return fails() ? NULL : __real_malloc(size); }
void *__wrap_calloc(size_t number, size_t size) { return fails() ? NULL : __real_calloc(number, size); }
void *__wrap_realloc(void *block, size_t size) { return fails() ? NULL : __real_realloc(block, size); }

static void must(int holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "broken: %s\n", what);
    abort();
}

static int answer(void *context, const LaneCall *call, LaneReply *reply) {
    (void)context;
    uint8_t first = call->request_size > 0 && call->request != NULL ? call->request[0] : 0;
    uint32_t sum = 0; /* every byte that is lent can be read */
    for (size_t i = 0; call->request != NULL && i < call->request_size; i++) sum += call->request[i];
    for (size_t i = 0; i < call->authorization_size; i++) sum += call->authorization[i];
    reply->trailers[0] = (LaneTrailer){"ronda-reason", 12, "FUZZ", 4};
    reply->trailer_count = first & 1;
    if ((first & 3) == 2 && fuzz.count < PARKED && call->attempt < 3) {
        fuzz.tickets[fuzz.count++] = call->ticket;
        return LANE_PARKED;
    }
    if (call->refusal != LANE_ASKED || (first & 7) == 3) {
        reply->grpc_status = 1 + (int)(sum % 16);
        reply->text = "n\xc3\xb3 100 %";
        reply->text_size = 8;
        reply->details = (const uint8_t *)"details";
        reply->details_size = first & 7;
        return LANE_REPLIED;
    }
    if (call->method == LANE_HEALTH_WATCH && call->attempt > 0 && first & 16) {
        reply->grpc_status = 14;
        return LANE_REPLIED;
    }
    size_t size = (size_t)first * first * 5; /* to 317 KiB */
    if (lane_reply_room(reply, size) != 0) {
        reply->grpc_status = 8;
        return LANE_REPLIED;
    }
    if (size > 0) memset(reply->message, (int)sum & 255, size);
    reply->message_size = size;
    return LANE_REPLIED;
}

static void cancelled(void *context, uint64_t ticket, int why) {
    (void)context, (void)why;
    for (int i = 0; i < fuzz.count; i++)
        if (fuzz.tickets[i] == ticket) return;
    must(0, "cancelled a ticket that was never parked");
}

static void end_parked(Host *host) {
    LaneReply reply = {.message = (uint8_t *)(uintptr_t)"parked", .message_size = 6};
    for (int i = 0; i < fuzz.count; i++) {
        Stream *stream = ticket_stream(&host->tickets, fuzz.tickets[i]);
        if (stream == NULL || stream->state != STREAM_PARKED) continue;
        if (i & 1) stream_retry(stream);
        else stream_finish(stream, &reply);
    }
}

static void take_timers(Host *host) {
    for (Timer *timer; (timer = wheel_due(&host->wheel, host->now_ns)) != NULL;)
        stream_deadline((Stream *)((char *)timer - offsetof(Stream, timer)));
}

/* Writes until nothing is left; what has gone is dropped but for a frame that is not whole yet. */
static void work(Session *session, size_t limit) {
    for (size_t before = 1; before != fuzz.out.size && fuzz.out.size < ALL_OUTPUT;) {
        before = fuzz.out.size;
        session_work(session, &fuzz.out, before + limit);
    }
    if (fuzz.out.size >= ALL_OUTPUT) fuzz.out.size = 0; /* of a client with windows for it all */
    size_t at = 0;
    while (fuzz.out.size - at >= FRAME_HEAD) {
        const uint8_t *head = fuzz.out.bytes + at;
        size_t size = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
        must(size <= LARGEST_FRAME && head[3] <= NGHTTP2_CONTINUATION, "a frame that is none");
        must(fuzz.out.size - at >= FRAME_HEAD + size, "half a frame");
        at += FRAME_HEAD + size;
    }
    must(at == fuzz.out.size, "half a frame's head");
    output_drop(&fuzz.out, at);
}

static void converse(Session *session, uint8_t mode, const uint8_t *bytes, size_t size) {
    static const uint8_t PREFACE[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0";
    Host *host = session->host;
    size_t limit = mode & 16 ? 32 : 65536, piece = mode & 2 ? 7 : 4096;
    if (mode & 1) session_receive(session, PREFACE, sizeof PREFACE - 1);
    for (size_t at = 0; at < size && !session_is_over(session); at += piece) {
        if (mode & 8 && at <= size / 2 && at + piece > size / 2) session_notice(session);
        session_receive(session, bytes + at, size - at < piece ? size - at : piece);
        work(session, limit);
        if (mode & 4) {
            host->now_ns += 500000000;
            take_timers(host);
            session_check(session);
        }
        if (mode & 64) end_parked(host);
        session_ask_watches(session);
        work(session, limit);
    }
    if (mode & 8) session_goaway(session);
    if (mode & 8) session_end_watches(session);
    work(session, limit);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1) return 0;
    LaneSettings settings = {.max_streams = 16, .max_request = 4096, .max_metadata = 1024};
    size_t begins = data[0] & 128 && size > 1 ? 2 : 1;
    int fail_every = begins == 2 ? 3 + data[1] : 0;
    LaneCallbacks callbacks = {.answer = answer, .cancelled = cancelled};
    fuzz.fail_every = 0;
    if (data[0] & 32) settings.connection_budget = 40000, settings.total_budget = 50000;
    static Host host; /* large: not on the stack */
    memset(&fuzz.counters, 0, sizeof fuzz.counters);
    fuzz.count = 0;
    fuzz.out.size = 0;
    must(host_begin(&host, &settings, &callbacks, &fuzz.counters) == 0, "host_begin");
    host.now_ns = 1000000000;
    wheel_begin(&host.wheel, host.now_ns);
    Session *session = calloc(1, sizeof *session);
    fuzz.allocations = 0;
    fuzz.fail_every = fail_every;
    int begun = session_begin(session, &host, host.now_ns) == 0;
    must(begun || fail_every != 0, "session_begin");
    if (begun) converse(session, data[0], data + begins, size - begins);
    fuzz.fail_every = 0;
    session_end(session, LANE_streams_closed);
    must(session->held == 0 && host.held == 0 && session->unsent == 0, "bytes are still held");
    free(session);
    must(lane_count(&fuzz.counters, LANE_streams_now) == 0, "streams_now");
    must(lane_count(&fuzz.counters, LANE_parked_now) == 0, "parked_now");
    must(lane_count(&fuzz.counters, LANE_watches_now) == 0, "watches_now");
    must(wheel_wait_ms(&host.wheel, host.now_ns) == -1, "a timer of nobody");
    host_end(&host);
    return 0;
}
