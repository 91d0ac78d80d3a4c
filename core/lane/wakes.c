/* The queue of wishes. The mutex is held for a few instructions: memory is taken and freed outside of it. */
#include "wakes.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

int wakes_begin(Wakes *wakes) {
    wakes->first = NULL;
    wakes->end = &wakes->first;
    wakes->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (wakes->event < 0) return -1;
    wakes->has_mutex = pthread_mutex_init(&wakes->mutex, NULL) == 0;
    return wakes->has_mutex ? 0 : -1;
}

void wakes_signal(Wakes *wakes) {
    uint64_t one = 1;
    ssize_t written = write(wakes->event, &one, sizeof one); /* fails only when it is readable already */
    (void)written;
}

void wish_free(Wish *wish) {
    free(wish->reply.message);
    free(wish);
}

void wakes_end(Wakes *wakes) {
    if (!wakes->has_mutex) {
        if (wakes->event >= 0) close(wakes->event);
        return;
    }
    for (Wish *wish = wakes_take(wakes), *next; wish != NULL; wish = next) {
        next = wish->next;
        wish_free(wish);
    }
    pthread_mutex_destroy(&wakes->mutex);
    close(wakes->event);
}

/* Bytes that a reply borrows besides its message. */
static size_t borrowed_size(const LaneReply *reply) {
    size_t size = reply->text_size + reply->details_size;
    for (size_t i = 0; i < reply->trailer_count && i < LANE_TRAILERS; i++)
        size += reply->trailers[i].name_size + reply->trailers[i].value_size;
    return size;
}

static const char *keep(char **at, const void *bytes, size_t size) {
    char *kept = *at;
    if (size > 0) memcpy(kept, bytes, size);
    *at += size;
    return kept;
}

static int copy_reply(Wish *wish, const LaneReply *reply) {
    char *at = (char *)(wish + 1);
    LaneReply *kept = &wish->reply;
    kept->grpc_status = reply->grpc_status;
    if (reply->message_size > 0) {
        kept->message = malloc(reply->message_size);
        if (kept->message == NULL) return -1;
        memcpy(kept->message, reply->message, reply->message_size);
        kept->message_size = kept->message_capacity = reply->message_size;
    }
    kept->text = keep(&at, reply->text, reply->text_size);
    kept->text_size = reply->text_size;
    kept->details = (const uint8_t *)keep(&at, reply->details, reply->details_size);
    kept->details_size = reply->details_size;
    for (; kept->trailer_count < reply->trailer_count && kept->trailer_count < LANE_TRAILERS; kept->trailer_count++) {
        const LaneTrailer *from = &reply->trailers[kept->trailer_count];
        LaneTrailer *to = &kept->trailers[kept->trailer_count];
        to->name = keep(&at, from->name, from->name_size);
        to->name_size = from->name_size;
        to->value = keep(&at, from->value, from->value_size);
        to->value_size = from->value_size;
    }
    return 0;
}

int wakes_wish(Wakes *wakes, WishKind kind, uint64_t name, const LaneReply *reply) {
    Wish *wish = calloc(1, sizeof(Wish) + (reply != NULL ? borrowed_size(reply) : 0));
    if (wish == NULL) return -1;
    wish->kind = kind;
    wish->name = name;
    if (reply != NULL && copy_reply(wish, reply) != 0) {
        wish_free(wish);
        return -1;
    }
    pthread_mutex_lock(&wakes->mutex);
    int was_empty = wakes->first == NULL;
    *wakes->end = wish;
    wakes->end = &wish->next;
    pthread_mutex_unlock(&wakes->mutex);
    if (was_empty) wakes_signal(wakes);
    return 0;
}

Wish *wakes_take(Wakes *wakes) {
    uint64_t times;
    ssize_t got = read(wakes->event, &times, sizeof times);
    (void)got;
    pthread_mutex_lock(&wakes->mutex);
    Wish *wishes = wakes->first;
    wakes->first = NULL;
    wakes->end = &wakes->first;
    pthread_mutex_unlock(&wakes->mutex);
    return wishes;
}
