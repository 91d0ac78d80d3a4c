/* Open addressing with linear probing; a key that has none any more is taken out by moving back those behind it. */
#include "tally.h"

#include <stdlib.h>
#include <string.h>

#include "../machine/invariant.h"

/* Keys may be chosen by those who are counted (addresses): the seed, which they do not know, decides where they fall. */
static size_t place(const Tally *tally, const uint8_t *key) {
    uint64_t mixed = tally->seed, word;
    for (int i = 0; i < TALLY_KEY; i += 8) {
        memcpy(&word, key + i, 8);
        mixed = (mixed ^ word) * UINT64_C(0x9E3779B97F4A7C15);
        mixed ^= mixed >> 29;
    }
    return (size_t)(mixed >> 16) & tally->mask;
}

int tally_begin(Tally *tally, size_t keys, uint64_t seed) {
    size_t entries = 16;
    while (entries < 2 * keys) entries *= 2;
    tally->entries = calloc(entries, sizeof(TallyEntry));
    tally->mask = entries - 1;
    tally->seed = seed;
    return tally->entries != NULL ? 0 : -1;
}

void tally_end(Tally *tally) {
    free(tally->entries);
    tally->entries = NULL;
}

static size_t find(const Tally *tally, const uint8_t *key) {
    size_t at = place(tally, key);
    while (tally->entries[at].count > 0 && memcmp(tally->entries[at].key, key, TALLY_KEY) != 0) at = (at + 1) & tally->mask;
    return at;
}

int tally_add(Tally *tally, const uint8_t key[TALLY_KEY], uint32_t limit) {
    TallyEntry *entry = &tally->entries[find(tally, key)];
    if (entry->count >= limit) return -1;
    memcpy(entry->key, key, TALLY_KEY);
    entry->count++;
    return 0;
}

void tally_remove(Tally *tally, const uint8_t key[TALLY_KEY]) {
    size_t free_at = find(tally, key);
    INVARIANT(tally->entries[free_at].count > 0, "a key is taken from a tally that never counted it");
    if (--tally->entries[free_at].count > 0) return;
    for (size_t at = (free_at + 1) & tally->mask; tally->entries[at].count > 0; at = (at + 1) & tally->mask) {
        size_t home = place(tally, tally->entries[at].key);
        if (((at - home) & tally->mask) < ((at - free_at) & tally->mask)) continue; /* its way does not pass the gap */
        tally->entries[free_at] = tally->entries[at];
        tally->entries[at].count = 0;
        free_at = at;
    }
}
