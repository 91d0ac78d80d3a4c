/* Client certificates and tokens: PREFIX-0.pem, PREFIX-0.key, PREFIX-0.token, PREFIX-1.pem... The place's number decides
 * which of them it shows, so that many officers ask. TLS 1.3 alone, and the server's certificate is verified. */
#include "load.h"

#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char* token_of(const char* path) {
    char text[8192];
    FILE* file = fopen(path, "r");
    if (!file) return NULL;
    size_t size = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    while (size && (text[size - 1] == '\n' || text[size - 1] == ' ')) size--;
    text[size] = 0;
    char* whole = malloc(size + sizeof "Bearer ");
    sprintf(whole, "Bearer %s", text);
    return whole;
}

static SSL_CTX* context_of(int identity) {
    char path[4096];
    SSL_CTX* context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_default_read_buffer_len(context, 64 * 1024);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    if (SSL_CTX_load_verify_locations(context, load.options.ca, NULL) != 1) give_up("no CA in %s", load.options.ca);
    if (load.options.identity) {
        snprintf(path, sizeof path, "%s-%d.pem", load.options.identity, identity);
        if (SSL_CTX_use_certificate_chain_file(context, path) != 1) give_up("no certificate in %s", path);
        snprintf(path, sizeof path, "%s-%d.key", load.options.identity, identity);
        if (SSL_CTX_use_PrivateKey_file(context, path, SSL_FILETYPE_PEM) != 1) give_up("no key in %s", path);
    }
    if (load.options.protocol->alpn && SSL_CTX_set_alpn_protos(context, (const unsigned char*)"\2h2", 3))
        give_up("no ALPN");
    return context;
}

void secrets_load(void) {
    char path[4096];
    int count = load.options.identities;
    load.tokens = calloc((size_t)count, sizeof *load.tokens);
    if (load.options.ca) load.contexts = calloc((size_t)count, sizeof *load.contexts);
    for (int identity = 0; identity < count; identity++) {
        if (load.options.ca) load.contexts[identity] = context_of(identity);
        if (!load.options.identity) continue;
        snprintf(path, sizeof path, "%s-%d.token", load.options.identity, identity);
        load.tokens[identity] = token_of(path);
    }
}
