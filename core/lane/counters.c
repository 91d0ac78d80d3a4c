/* The counters' names, for whoever shows them. */
#include "counters.h"

#include <stddef.h>

static const char *const NAMES[] = {
#define LANE_COUNTER(name, what) #name,
    LANE_COUNTERS(LANE_COUNTER)
#undef LANE_COUNTER
};

const char *lane_counter_name(int counter) {
    return counter >= 0 && counter < LANE_COUNTER_COUNT ? NAMES[counter] : NULL;
}
