/* The table of tickets; it grows and never shrinks: as many places as streams were open at once. */
#include "tickets.h"

#include <stdlib.h>

#include "../machine/invariant.h"

static int grow(Tickets *tickets) {
    uint32_t size = tickets->size ? tickets->size * 2 : 64;
    if (size > UINT32_MAX / 2) return -1;
    TicketPlace *places = realloc(tickets->places, size * sizeof(TicketPlace));
    if (places == NULL) return -1;
    for (uint32_t i = tickets->size; i < size; i++) places[i] = (TicketPlace){NULL, 1, i + 1};
    tickets->first_free = tickets->size;
    tickets->places = places;
    tickets->size = size;
    return 0;
}

uint64_t ticket_open(Tickets *tickets, void *stream) {
    if (tickets->first_free == tickets->size && grow(tickets) != 0) return 0;
    uint32_t at = tickets->first_free;
    INVARIANT(at < tickets->size && tickets->places[at].stream == NULL, "a ticket's place is not free");
    TicketPlace *place = &tickets->places[at];
    tickets->first_free = place->next_free;
    place->stream = stream;
    return (uint64_t)place->times << 32 | at;
}

void *ticket_stream(const Tickets *tickets, uint64_t ticket) {
    uint32_t at = (uint32_t)ticket;
    if (at >= tickets->size || tickets->places[at].times != ticket >> 32) return NULL;
    return tickets->places[at].stream;
}

void ticket_close(Tickets *tickets, uint64_t ticket) {
    if (ticket_stream(tickets, ticket) == NULL) return;
    uint32_t at = (uint32_t)ticket;
    tickets->places[at].stream = NULL;
    if (++tickets->places[at].times == 0) tickets->places[at].times = 1;
    tickets->places[at].next_free = tickets->first_free;
    tickets->first_free = at;
}

void tickets_end(Tickets *tickets) {
    free(tickets->places);
    *tickets = (Tickets){NULL, 0, 0};
}
