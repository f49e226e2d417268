/* auth/hawk.h - the Authorization header of Hawk 1.0: a request signed with
 * a key that does not travel.
 *
 * Pure: time and nonce come from the caller, so a captured header can be made again byte for byte.
 * Bodies are not covered: what is asked for with it here has none.
 */
#ifndef WHT_AUTH_HAWK_H
#define WHT_AUTH_HAWK_H

#include "base/err.h"
#include "base/span.h"
#include "base/strb.h"

struct hawk {
	struct span id, key; /* who asks, and the secret */
	struct span ext;     /* application data that is signed too; empty: none */
};

struct hawk_request {
	struct span method, path; /* path: with its query */
	struct span host;	  /* without port */
	uint16_t port;
	uint64_t ts; /* seconds since 1970, as the other side counts them */
	struct span nonce;
};

#define HAWK_NONCE_MAX 13

/* Fresh random characters. */
void hawk_nonce(char out[HAWK_NONCE_MAX]);
/* Adds the field's value. -WHT_EINVAL: something cannot stand between
 * quotes, or the key is empty. */
int hawk_write(struct strb *, const struct hawk *, const struct hawk_request *) MUST_CHECK;
/* RFC 4648, 4, with padding. */
void hawk_base64(struct strb *, struct span bytes);

#endif
