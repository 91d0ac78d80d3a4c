/* TLS 1.3 by OpenSSL, between bytes in memory: certificates of both sides, h2 by ALPN, tickets, no early data. */
#ifndef RONDA_LANE_SECURE_H
#define RONDA_LANE_SECURE_H

#include <openssl/ssl.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "lane.h"
#include "output.h"

typedef struct Pipe { /* what OpenSSL reads and where it writes: of the connection whose turn it is */
    const uint8_t *in;
    size_t in_size;
    Output *out;
} Pipe;

typedef struct Secure {
    SSL_CTX *context; /* replaced as a whole under the mutex: new certificates, roots and ticket keys */
    BIO_METHOD *method;
    pthread_mutex_t mutex;
    int has_mutex;
    int has_ticket_secret;
    uint8_t ticket_secret[LANE_TICKET_SECRET];
} Secure;

int secure_begin(Secure *, const uint8_t *ticket_secret); /* see LaneSettings */
void secure_end(Secure *);
/* 0, or -1: what was there stays, and `why` names the file that is wrong and OpenSSL's reason. Any thread. */
int secure_load(Secure *, const char *certificate, const char *key, const char *roots, char *why, size_t why_size);
SSL *secure_new(Secure *, Pipe *); /* of a connection just accepted; NULL = no memory */

/* The leaf that the peer proved, as DER to be freed by OPENSSL_free, and its SHA-256; -1 = none, or past its end (a
 * ticket may be younger than the certificate behind it is valid). */
int secure_certificate(SSL *, uint8_t **der, size_t *size, uint8_t digest[32]);

#endif
