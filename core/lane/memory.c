/* malloc and its kin, with the session's and the host's accounts. */
#include "memory.h"

#include <malloc.h>
#include <stdlib.h>

#include "../machine/invariant.h"

void session_hold(Session *session, size_t bytes) {
    session->held += bytes;
    session->host->held += bytes;
}

void session_release(Session *session, size_t bytes) {
    INVARIANT(session->held >= bytes && session->host->held >= bytes, "a session gives back more bytes than it holds");
    session->held -= bytes;
    session->host->held -= bytes;
}

static void *counted_malloc(size_t size, void *session) {
    void *block = malloc(size);
    if (block != NULL) session_hold(session, malloc_usable_size(block));
    return block;
}

static void counted_free(void *block, void *session) {
    if (block == NULL) return;
    session_release(session, malloc_usable_size(block));
    free(block);
}

static void *counted_calloc(size_t number, size_t size, void *session) {
    void *block = calloc(number, size);
    if (block != NULL) session_hold(session, malloc_usable_size(block));
    return block;
}

static void *counted_realloc(void *block, size_t size, void *session) {
    size_t before = block != NULL ? malloc_usable_size(block) : 0;
    void *moved = realloc(block, size);
    if (moved == NULL) return NULL;
    session_release(session, before);
    session_hold(session, malloc_usable_size(moved));
    return moved;
}

nghttp2_mem counted_memory(Session *session) {
    return (nghttp2_mem){session, counted_malloc, counted_free, counted_calloc, counted_realloc};
}
