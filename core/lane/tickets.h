/* Names of streams that outlive them: a ticket is a place in a table and how often that place was given away, so that who
 * ends a parked stream by its ticket can never meet another stream. */
#ifndef RONDA_LANE_TICKETS_H
#define RONDA_LANE_TICKETS_H

#include <stddef.h>
#include <stdint.h>

typedef struct TicketPlace {
    void *stream; /* NULL = free */
    uint32_t times;
    uint32_t next_free;
} TicketPlace;

typedef struct Tickets {
    TicketPlace *places;
    uint32_t size, first_free; /* size = none is free */
} Tickets;

uint64_t ticket_open(Tickets *, void *stream); /* 0 = no memory; a ticket is never 0 */
void *ticket_stream(const Tickets *, uint64_t ticket); /* NULL = gone */
void ticket_close(Tickets *, uint64_t ticket);
void tickets_end(Tickets *);

#endif
