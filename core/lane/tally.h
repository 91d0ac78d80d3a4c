/* How many connections somebody has: counts by a key of 32 bytes (SHA-256 of a certificate, an address), with a bound. */
#ifndef RONDA_LANE_TALLY_H
#define RONDA_LANE_TALLY_H

#include <stddef.h>
#include <stdint.h>

enum { TALLY_KEY = 32 };

typedef struct TallyEntry {
    uint8_t key[TALLY_KEY];
    uint32_t count; /* 0 = free */
} TallyEntry;

typedef struct Tally {
    TallyEntry *entries;
    size_t mask; /* entries - 1; at most half of them are taken */
    uint64_t seed;
} Tally;

int tally_begin(Tally *, size_t keys, uint64_t seed); /* room for so many keys; -1 = no memory */
void tally_end(Tally *);
/* One more of this key: 0, or -1 where it has `limit` already (then nothing is counted). */
int tally_add(Tally *, const uint8_t key[TALLY_KEY], uint32_t limit);
void tally_remove(Tally *, const uint8_t key[TALLY_KEY]); /* one that was added */

#endif
