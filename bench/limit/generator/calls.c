/* Calls: begun, judged, counted, tried again.
 *
 * Closed loop: a place holds as many calls as it has streams, a new one for each that ended; counted are those that ended
 * in the window. Open loop: calls are due at random moments (exponential gaps) of the given rate, whatever the server
 * does; counted are those that were due in the window, their latency from that moment: what waited, here or there, waited.
 */
#include "load.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static uint64_t draw(void) {                    /* xorshift64* */
    load.random ^= load.random >> 12;
    load.random ^= load.random << 25;
    load.random ^= load.random >> 27;
    return load.random * 0x2545F4914F6CDD1Dull;
}

Call* call_new(int64_t intended_ns) {
    Call* call = load.free_calls;
    if (call) load.free_calls = call->next;
    else {
        call = calloc(1, sizeof *call);
        call->answer = malloc(ANSWER_ROOM);
    }
    call->id = load.next_id++;
    call->intended_ns = intended_ns;
    call->question = (uint32_t)((__uint128_t)draw() * load.questions.count >> 64);
    call->request_size = (uint32_t)question_request(&load.questions, call->question, call->id, call->request);
    call->attempt = 0;
    return call;
}

bool call_is_right(const Call* call, const uint8_t* answer, size_t size) {
    Question question = question_at(&load.questions, call->question);
    if (load.options.digest && question.digest)
        return size == question.answer_size && XXH3_64bits(answer, size) == question.digest;
    return memmem(answer, size, question_text(question), question_text_size(question)) != NULL;
}

static Call* take_out(Connection* connection, int index) {
    Call* call = connection->calls[index];
    int behind = --connection->open_calls - index;
    memmove(connection->calls + index, connection->calls + index + 1, (size_t)behind * sizeof *connection->calls);
    memmove(connection->streams + index, connection->streams + index + 1, (size_t)behind * sizeof *connection->streams);
    connection->place->open_calls--;
    return call;
}

static void give_back(Call* call) {
    call->next = load.free_calls;
    load.free_calls = call;
}

static bool counts(const Call* call, int64_t now) {
    int64_t when = load.options.rate > 0 ? call->intended_ns : now;
    return load.measured_from_ns <= when && when < load.measured_until_ns;
}

void call_done(Connection* connection, int index, size_t answer_size) {
    Call* call = take_out(connection, index);
    int64_t now = now_ns();
    if (call->verdict != RIGHT) load.counts.wrong++;
    else if (counts(call, now)) {
        load.counts.calls++;
        load.counts.answer_bytes += answer_size;
        histogram_add(&load.histogram, (uint64_t)(now - call->intended_ns));
    }
    give_back(call);
}

static void again(Place* place, Call* call) {
    Call** end = &place->again;
    while (*end) end = &(*end)->next;
    call->next = NULL;
    *end = call;
}

void call_refused(Connection* connection, int index) {
    load.counts.refused++;
    again(connection->place, take_out(connection, index));
}

void call_failed(Connection* connection, int index, int status, const char* said, size_t said_size) {
    Call* call = take_out(connection, index);
    /* Who says UNAVAILABLE is about to end, and is not asked again on this connection. */
    if (status == STATUS_UNAVAILABLE && load.options.retries) connection_leave(connection);
    bool passing = status == STATUS_UNAVAILABLE || status == STATUS_CANCELLED || status == FAILED_LOST;
    if (passing && call->attempt < load.options.retries) {
        call->attempt++;
        load.counts.retried++;
        again(connection->place, call);
        return;
    }
    if (!load.counts.failed++ && said_size) {
        size_t room = sizeof load.counts.said - 1;
        memcpy(load.counts.said, said, said_size < room ? said_size : room);
    }
    load.counts.by_status[status >= 0 && status < 20 ? status : FAILED_MALFORMED]++;
    give_back(call);
}

/* Begins it on the place's connection. False: not now. */
static bool begin(Place* place, Call* call) {
    Connection* connection = place->connection;
    call->received = 0;
    call->status = call->http_status = -1;
    call->verdict = UNSEEN;
    if (!load.options.protocol->send(connection, call)) return false;
    connection->calls[connection->open_calls++] = call;
    place->open_calls++;
    return true;
}

static bool has_room(const Place* place) {
    const Connection* connection = place->connection;
    return connection && connection->ready && !connection->leaving && !connection->broken &&
           place->open_calls < load.options.streams && connection->open_calls < connection->allowed;
}

void place_fill(Place* place) {
    while (has_room(place)) {
        Call* call = place->again;
        if (call) place->again = call->next;
        else if (load.over || load.options.rate > 0) return;
        else call = call_new(now_ns());
        if (begin(place, call)) continue;
        call->next = place->again;
        place->again = call;
        return;
    }
}

void calls_begin_due(void) {
    int64_t now = now_ns();
    while (load.due_ns <= (double)now && load.due_ns < (double)load.measured_until_ns) {
        Place* place = NULL;
        for (int tried = 0; tried < load.options.connections && !place; tried++) {
            Place* looked = &load.places[load.next_place];
            load.next_place = (load.next_place + 1) % load.options.connections;
            if (!looked->again && has_room(looked)) place = looked;
        }
        if (!place) return;
        Call* call = call_new((int64_t)load.due_ns);
        if (!begin(place, call)) again(place, call);
        load.due_ns -= log((double)(draw() >> 11) / 9007199254740992.0 + 1e-18) * 1e9 / load.options.rate;
    }
}

int calls_open(void) {
    int open = 0;
    for (int number = 0; number < load.options.connections; number++) {
        open += load.places[number].open_calls;
        for (Call* call = load.places[number].again; call; call = call->next) open++;
    }
    return open;
}
