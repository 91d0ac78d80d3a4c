/* The growing block. */
#include "output.h"

#include <stdlib.h>
#include <string.h>

#include "../machine/invariant.h"

uint8_t *output_room(Output *output, size_t more) {
    INVARIANT(output->size <= output->capacity, "an output is longer than its block");
    if (more > output->capacity - output->size) {
        if (more > SIZE_MAX / 4 - output->size) return NULL;
        size_t capacity = output->capacity ? output->capacity : 4096;
        while (capacity - output->size < more) capacity *= 2;
        uint8_t *bytes = realloc(output->bytes, capacity);
        if (bytes == NULL) return NULL;
        output->bytes = bytes;
        output->capacity = capacity;
    }
    return output->bytes + output->size;
}

int output_add(Output *output, const void *bytes, size_t size) {
    uint8_t *room = output_room(output, size);
    if (room == NULL) return -1;
    if (size > 0) memcpy(room, bytes, size);
    output->size += size;
    return 0;
}

void output_drop(Output *output, size_t size) {
    INVARIANT(size <= output->size, "more is dropped of an output than it has");
    output->size -= size;
    if (output->size > 0) memmove(output->bytes, output->bytes + size, output->size);
}

void output_end(Output *output) {
    free(output->bytes);
    *output = (Output){NULL, 0, 0};
}
