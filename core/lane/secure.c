/* SSL_CTX from three PEM texts, and a BIO that reads and writes memory, so that a turn is one recv and one send. */
#include "secure.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

enum { CHAIN_DEPTH = 4, TICKET_SECONDS = 3600, TICKET_KEYS = 80 }; /* a name of 16 bytes, HMAC's key, AES's key */

static int pipe_write(BIO *bio, const char *bytes, size_t size, size_t *written) {
    Pipe *pipe = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (pipe->out == NULL || output_add(pipe->out, bytes, size) != 0) return 0;
    *written = size;
    return 1;
}

static int pipe_read(BIO *bio, char *bytes, size_t size, size_t *taken) {
    Pipe *pipe = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (pipe->in_size == 0) {
        BIO_set_retry_read(bio);
        return 0;
    }
    if (size > pipe->in_size) size = pipe->in_size;
    memcpy(bytes, pipe->in, size);
    pipe->in += size;
    pipe->in_size -= size;
    *taken = size;
    return 1;
}

static long pipe_control(BIO *bio, int command, long number, void *pointer) {
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH; /* nothing waits here */
}

int secure_begin(Secure *secure, const uint8_t *ticket_secret) {
    secure->context = NULL;
    secure->has_ticket_secret = ticket_secret != NULL;
    if (ticket_secret != NULL) memcpy(secure->ticket_secret, ticket_secret, sizeof secure->ticket_secret);
    secure->has_mutex = pthread_mutex_init(&secure->mutex, NULL) == 0;
    secure->method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "lane");
    if (!secure->has_mutex || secure->method == NULL) return -1;
    return BIO_meth_set_write_ex(secure->method, pipe_write) && BIO_meth_set_read_ex(secure->method, pipe_read) &&
                   BIO_meth_set_ctrl(secure->method, pipe_control)
               ? 0
               : -1;
}

void secure_end(Secure *secure) {
    SSL_CTX_free(secure->context);
    BIO_meth_free(secure->method);
    if (secure->has_mutex) pthread_mutex_destroy(&secure->mutex);
    OPENSSL_cleanse(secure, sizeof *secure);
}

static int fail(char *why, size_t why_size, const char *what) {
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    if (why_size > 0) snprintf(why, why_size, "%s: %s", what, reason != NULL ? reason : "no memory");
    ERR_clear_error();
    return -1;
}

static int no_password(char *buffer, int size, int writing, void *context) {
    (void)buffer, (void)size, (void)writing, (void)context;
    return -1; /* nobody is asked at a terminal */
}

static int load_certificate(SSL_CTX *context, const char *pem) {
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *leaf = bio != NULL ? PEM_read_bio_X509(bio, NULL, no_password, NULL) : NULL;
    int loaded = leaf != NULL && SSL_CTX_use_certificate(context, leaf) == 1;
    X509_free(leaf);
    while (loaded) {
        X509 *above = PEM_read_bio_X509(bio, NULL, no_password, NULL);
        if (above == NULL) break;
        loaded = SSL_CTX_add0_chain_cert(context, above) == 1;
        if (!loaded) X509_free(above);
    }
    BIO_free(bio);
    if (loaded) ERR_clear_error(); /* the end of the text is an error to it */
    return loaded;
}

static int load_key(SSL_CTX *context, const char *pem) {
    BIO *bio = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *key = bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;
    int loaded = key != NULL && SSL_CTX_use_PrivateKey(context, key) == 1 && SSL_CTX_check_private_key(context) == 1;
    EVP_PKEY_free(key);
    BIO_free(bio);
    return loaded;
}

static int load_roots(SSL_CTX *context, const char *pem) {
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509_STORE *store = SSL_CTX_get_cert_store(context);
    int number = 0, loaded = bio != NULL;
    while (loaded) {
        X509 *root = PEM_read_bio_X509(bio, NULL, no_password, NULL);
        if (root == NULL) break;
        loaded = X509_STORE_add_cert(store, root) == 1 && SSL_CTX_add_client_CA(context, root) == 1;
        X509_free(root);
        number++;
    }
    BIO_free(bio);
    if (loaded && number > 0) ERR_clear_error();
    return loaded && number > 0;
}

static int hash_files(const char *certificate, const char *roots, uint8_t digest[32]) {
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    int hashed = hash != NULL && EVP_DigestInit_ex(hash, EVP_sha256(), NULL) == 1 &&
                 EVP_DigestUpdate(hash, certificate, strlen(certificate) + 1) == 1 &&
                 EVP_DigestUpdate(hash, roots, strlen(roots)) == 1 && EVP_DigestFinal_ex(hash, digest, NULL) == 1;
    EVP_MD_CTX_free(hash);
    return hashed;
}

/* Keys of the secret and of what a session proved (RFC 5869): whoever has the same secret and files resumes it, and nobody
 * does once a certificate or the roots have changed, for resuming skips the chain. */
static int set_ticket_keys(const Secure *secure, SSL_CTX *context, const char *certificate, const char *roots) {
    static const char PURPOSE[] = "ronda lane tickets";
    uint8_t info[sizeof PURPOSE + 32] = {0}, keys[TICKET_KEYS];
    memcpy(info, PURPOSE, sizeof PURPOSE);
    if (!secure->has_ticket_secret) return 1;
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *derivation = kdf != NULL ? EVP_KDF_CTX_new(kdf) : NULL;
    const OSSL_PARAM given[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)(uintptr_t)"SHA256", 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)secure->ticket_secret, LANE_TICKET_SECRET),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, sizeof info),
        OSSL_PARAM_construct_end(),
    };
    int set = derivation != NULL && hash_files(certificate, roots, info + sizeof PURPOSE) &&
              EVP_KDF_derive(derivation, keys, sizeof keys, given) == 1 &&
              SSL_CTX_set_tlsext_ticket_keys(context, keys, sizeof keys) == 1;
    EVP_KDF_CTX_free(derivation);
    EVP_KDF_free(kdf);
    OPENSSL_cleanse(keys, sizeof keys);
    return set;
}

static int choose_h2(SSL *ssl, const unsigned char **out, unsigned char *out_size, const unsigned char *in, unsigned in_size,
                     void *context) {
    (void)ssl, (void)context;
    static const unsigned char H2[] = "\x02h2";
    unsigned char *chosen;
    if (SSL_select_next_proto(&chosen, out_size, H2, 3, in, in_size) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static int is_over(const X509 *leaf) { return leaf == NULL || X509_cmp_current_time(X509_get0_notAfter(leaf)) <= 0; }

/* A session whose certificate is over begins anew, with the certificate that the client has by now; closed instead, who
 * keeps such a ticket would come to nothing until it ends. */
static SSL_TICKET_RETURN take_session(SSL *ssl, SSL_SESSION *session, const unsigned char *name, size_t size,
                                      SSL_TICKET_STATUS status, void *context) {
    (void)ssl, (void)name, (void)size, (void)context;
    if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW) return SSL_TICKET_RETURN_IGNORE_RENEW;
    if (is_over(SSL_SESSION_get0_peer(session))) return SSL_TICKET_RETURN_IGNORE_RENEW;
    return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

static int set_rules(SSL_CTX *context) {
    static const unsigned char NAME[] = "ronda lane";
    SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_verify_depth(context, CHAIN_DEPTH);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF); /* tickets alone */
    SSL_CTX_set_timeout(context, TICKET_SECONDS);
    SSL_CTX_set_alpn_select_cb(context, choose_h2, NULL);
    return SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256") &&
           SSL_CTX_set_session_ticket_cb(context, NULL, take_session, NULL) == 1 &&
           SSL_CTX_set_num_tickets(context, 1) == 1 && SSL_CTX_set_max_early_data(context, 0) == 1 &&
           SSL_CTX_set_session_id_context(context, NAME, sizeof NAME - 1) == 1;
}

int secure_load(Secure *secure, const char *certificate, const char *key, const char *roots, char *why, size_t why_size) {
    ERR_clear_error();
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    const char *wrong = NULL;
    if (certificate == NULL || key == NULL || roots == NULL) wrong = "certificate, key and roots are needed";
    else if (context == NULL || !set_rules(context)) wrong = "TLS";
    else if (!load_certificate(context, certificate)) wrong = "certificate";
    else if (!load_key(context, key)) wrong = "key";
    else if (!load_roots(context, roots)) wrong = "roots";
    else if (!set_ticket_keys(secure, context, certificate, roots)) wrong = "tickets";
    if (wrong != NULL) {
        SSL_CTX_free(context);
        return fail(why, why_size, wrong);
    }
    pthread_mutex_lock(&secure->mutex);
    SSL_CTX *old = secure->context;
    secure->context = context;
    pthread_mutex_unlock(&secure->mutex);
    SSL_CTX_free(old); /* connections that exist hold it until they end */
    return 0;
}

SSL *secure_new(Secure *secure, Pipe *pipe) {
    pthread_mutex_lock(&secure->mutex);
    SSL *ssl = SSL_new(secure->context);
    pthread_mutex_unlock(&secure->mutex);
    BIO *bio = ssl != NULL ? BIO_new(secure->method) : NULL;
    if (bio == NULL) {
        SSL_free(ssl);
        return NULL;
    }
    BIO_set_data(bio, pipe);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    SSL_set_accept_state(ssl);
    return ssl;
}

int secure_certificate(SSL *ssl, uint8_t **der, size_t *size, uint8_t digest[32]) {
    X509 *leaf = SSL_get0_peer_certificate(ssl);
    unsigned digest_size = 0;
    if (is_over(leaf)) return -1;
    *der = NULL;
    int bytes = i2d_X509(leaf, der);
    if (bytes <= 0 || X509_digest(leaf, EVP_sha256(), digest, &digest_size) != 1 || digest_size != 32) return -1;
    *size = (size_t)bytes;
    return 0;
}
