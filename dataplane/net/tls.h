/* net/tls.h - certificates and trust, as reference-counted contexts that never change.
 *
 * A new certificate is a new context: connections keep the one that they began with. TLS 1.2
 * and 1.3 only, no renegotiation, no compression, no early data, no tickets that outlive the
 * context; ALPN answers http/1.1. Any thread may hold and release a context.
 */
#ifndef WHT_NET_TLS_H
#define WHT_NET_TLS_H

#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

struct tls_context;

#define TLS_ERROR_MAX 256

/* A server's context from PEM: certificate, then its chain; the key must match and the certificate
 * not be expired. NULL, with a sentence in error, when any of that is not so. */
struct tls_context *tls_server_new(
    struct span cert_pem, struct span key_pem, char error[TLS_ERROR_MAX]);
/* A client's: verifies against ca_file, or the system's roots; not at all when insecure. */
struct tls_context *tls_client_new(const char *ca_file, bool insecure, char error[TLS_ERROR_MAX]);
struct tls_context *tls_ref(struct tls_context *);
void tls_unref(struct tls_context **);

/* When a server's certificate ends, in seconds since 1970. */
int64_t tls_not_after(const struct tls_context *);

#endif
