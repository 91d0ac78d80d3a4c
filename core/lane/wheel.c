/* The ring of timers. */
#include "wheel.h"

#include <stddef.h>

#include "../machine/invariant.h"

static_assert((WHEEL_SLOTS & (WHEEL_SLOTS - 1)) == 0 && WHEEL_SLOTS % 64 == 0, "slots are found by a mask, 64 to a word");

static int slot_of(int64_t tick) { return (int)(tick & (WHEEL_SLOTS - 1)); }

/* The tick at which something is due: the one that begins at or after its time. */
static int64_t tick_of(int64_t due_ns) { return due_ns / WHEEL_TICK_NS + (due_ns % WHEEL_TICK_NS != 0); }

void wheel_begin(Wheel *wheel, int64_t now_ns) {
    for (int i = 0; i < WHEEL_SLOTS; i++) wheel->slots[i].next = wheel->slots[i].previous = &wheel->slots[i];
    for (int i = 0; i < WHEEL_SLOTS / 64; i++) wheel->filled[i] = 0;
    wheel->tick = now_ns / WHEEL_TICK_NS;
}

void wheel_forget(Wheel *wheel, Timer *timer) {
    if (timer->next == NULL) return;
    INVARIANT(timer->next->previous == timer && timer->previous->next == timer, "a timer is not in its ring");
    timer->next->previous = timer->previous;
    timer->previous->next = timer->next;
    if (timer->next == timer->previous) { /* a head alone is left */
        ptrdiff_t slot = timer->next - wheel->slots;
        wheel->filled[slot / 64] &= ~(UINT64_C(1) << (slot & 63));
    }
    timer->next = timer->previous = NULL;
}

void wheel_set(Wheel *wheel, Timer *timer, int64_t due_ns) {
    wheel_forget(wheel, timer);
    timer->due_ns = due_ns;
    int64_t tick = tick_of(due_ns);
    if (tick <= wheel->tick) tick = wheel->tick + 1; /* its slot would be met a round later */
    int slot = slot_of(tick);
    Timer *head = &wheel->slots[slot];
    timer->next = head;
    timer->previous = head->previous;
    head->previous->next = timer;
    head->previous = timer;
    wheel->filled[slot / 64] |= UINT64_C(1) << (slot & 63);
}

Timer *wheel_due(Wheel *wheel, int64_t now_ns) {
    int64_t now = now_ns / WHEEL_TICK_NS;
    if (now - wheel->tick > WHEEL_SLOTS) wheel->tick = now - WHEEL_SLOTS; /* each slot once is enough */
    while (wheel->tick < now) {
        int slot = slot_of(wheel->tick + 1);
        if (wheel->filled[slot / 64] >> (slot & 63) & 1)
            for (Timer *timer = wheel->slots[slot].next; timer != &wheel->slots[slot]; timer = timer->next)
                if (timer->due_ns <= now_ns) {
                    wheel_forget(wheel, timer);
                    return timer;
                }
        wheel->tick++;
    }
    return NULL;
}

int wheel_wait_ms(const Wheel *wheel, int64_t now_ns) {
    for (int ahead = 1; ahead <= WHEEL_SLOTS; ahead++) {
        int slot = slot_of(wheel->tick + ahead);
        if (wheel->filled[slot / 64] == 0) { /* to the last of these 64, the loop's step to the next word */
            ahead += 63 - (slot & 63);
            continue;
        }
        if (wheel->filled[slot / 64] >> (slot & 63) & 1) {
            int64_t left = (wheel->tick + ahead) * WHEEL_TICK_NS - now_ns;
            return left <= 0 ? 0 : (int)((left + 999999) / 1000000);
        }
    }
    return -1;
}
