/* net/tls_context.h - the OpenSSL side of a context, for this folder. */
#ifndef WHT_NET_TLS_CONTEXT_H
#define WHT_NET_TLS_CONTEXT_H

#include <openssl/ssl.h>

#include "net/tls.h"

SSL_CTX *tls_context_ssl(struct tls_context *);

#endif
