/* Bytes on their way out: a block that grows, filled at the end, emptied from the front. */
#ifndef RONDA_LANE_OUTPUT_H
#define RONDA_LANE_OUTPUT_H

#include <stddef.h>
#include <stdint.h>

typedef struct Output {
    uint8_t *bytes;
    size_t size, capacity;
} Output;

uint8_t *output_room(Output *, size_t more); /* where `more` bytes may be written; NULL = no memory */
int output_add(Output *, const void *bytes, size_t size); /* -1 = no memory, nothing was added */
void output_drop(Output *, size_t size);     /* from the front */
void output_end(Output *);

#endif
