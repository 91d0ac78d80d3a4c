/* libFuzzer: the ring of timers, the table of tickets and the tally of keys, held to plain arrays. Two bytes a step. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../core/lane/tally.h"
#include "../../../core/lane/tickets.h"
#include "../../../core/lane/wheel.h"

enum { THINGS = 64 };

static void must(int holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "broken: %s\n", what);
    abort();
}

typedef struct Tables {
    Wheel wheel;
    Timer timers[THINGS];
    int64_t now, due[THINGS]; /* 0 = not set */
    Tickets tickets;
    uint64_t held[THINGS], gone[THINGS];
    Tally tally;
    uint32_t counts[THINGS];
} Tables;

static void pass_time(Tables *tables, int64_t ns) {
    tables->now += ns;
    for (Timer *timer; (timer = wheel_due(&tables->wheel, tables->now)) != NULL;) {
        int64_t *due = &tables->due[timer - tables->timers];
        must(*due != 0 && *due <= tables->now, "a timer before its time");
        *due = 0;
    }
    int64_t first = INT64_MAX;
    for (int i = 0; i < THINGS; i++) {
        must(tables->due[i] == 0 || tables->due[i] > tables->now - WHEEL_TICK_NS, "a timer that was forgotten");
        if (tables->due[i] != 0 && tables->due[i] < first) first = tables->due[i];
    }
    int wait = wheel_wait_ms(&tables->wheel, tables->now);
    must((wait == -1) == (first == INT64_MAX), "waits for nothing, or not at all");
    must(wait == -1 || tables->now + wait * INT64_C(1000000) <= first + 2 * WHEEL_TICK_NS, "sleeps too long");
}

static void step_tickets(Tables *tables, int thing, uint8_t what) {
    if (what & 1 && tables->held[thing] == 0) {
        tables->held[thing] = ticket_open(&tables->tickets, &tables->held[thing]);
        must(tables->held[thing] != 0, "no ticket");
    } else if (tables->held[thing] != 0) {
        ticket_close(&tables->tickets, tables->gone[thing] = tables->held[thing]);
        tables->held[thing] = 0;
    }
    for (int i = 0; i < THINGS; i++) {
        if (tables->held[i] != 0) must(ticket_stream(&tables->tickets, tables->held[i]) == &tables->held[i], "another's ticket");
        if (tables->gone[i] != 0) must(ticket_stream(&tables->tickets, tables->gone[i]) == NULL, "a ticket that was closed");
    }
}

static void step_tally(Tables *tables, int thing, uint8_t what) {
    uint8_t key[TALLY_KEY] = {(uint8_t)(thing & 3), [9] = (uint8_t)thing};
    if (what & 1) {
        uint32_t limit = what >> 1 & 7;
        must((tally_add(&tables->tally, key, limit) == 0) == (tables->counts[thing] < limit), "the tally's limit");
        if (tables->counts[thing] < limit) tables->counts[thing]++;
    } else if (tables->counts[thing] > 0) {
        tally_remove(&tables->tally, key);
        tables->counts[thing]--;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static Tables tables;
    memset(&tables, 0, sizeof tables);
    tables.now = 1000000000;
    wheel_begin(&tables.wheel, tables.now);
    must(tally_begin(&tables.tally, THINGS, 12345) == 0, "tally_begin");
    for (size_t i = 0; i + 1 < size; i += 2) {
        int thing = data[i] & (THINGS - 1);
        uint8_t what = data[i + 1];
        if (data[i] & 128) step_tickets(&tables, thing, what);
        else if (data[i] & 64) step_tally(&tables, thing, what);
        else if (what & 128) pass_time(&tables, (int64_t)(what & 127) * thing * 1000000);
        else if (what & 64) wheel_forget(&tables.wheel, &tables.timers[thing]), tables.due[thing] = 0;
        else wheel_set(&tables.wheel, &tables.timers[thing], tables.due[thing] = tables.now + 1 + (int64_t)what * what * 4000000);
    }
    pass_time(&tables, INT64_C(60000000000));
    for (int i = 0; i < THINGS; i++) must(tables.due[i] == 0, "a timer that was lost");
    tally_end(&tables.tally);
    tickets_end(&tables.tickets);
    return 0;
}
