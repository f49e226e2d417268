/* auth/tunnel_id.h - what may be a tunnel id, and which worker owns it. */
#ifndef WHT_AUTH_TUNNEL_ID_H
#define WHT_AUTH_TUNNEL_ID_H

#include "base/span.h"

#define TUNNEL_ID_MAX 128 /* bytes */

/* [A-Za-z0-9_~.%-]{1,128}, not "." or "..", not beginning with "__" (ours). */
bool tunnel_id_valid(struct span id);

/* The key of this boot under which ids are spread over workers;
 * made once, before any worker runs. */
struct owner_key {
	unsigned char bytes[16];
};
void owner_key_make(struct owner_key *);

/* SipHash-2-4 of the id under the key. Any thread; the same answer in all. */
uint64_t owner_hash(const struct owner_key *, struct span id);
/* The hash modulo workers >= 1. */
unsigned owner_of(const struct owner_key *, struct span id, unsigned workers);

#endif
