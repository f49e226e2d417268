/* base/network.h - sets of addresses in CIDR notation: whose word on X-Forwarded-* is taken.
 *
 * An IPv4 address that arrives as ::ffff:a.b.c.d is the IPv4 address, on both sides
 * of a comparison: a dual-stack listener must not make a stranger out of a trusted
 * proxy, or the other way round.
 */
#ifndef WHT_BASE_NETWORK_H
#define WHT_BASE_NETWORK_H

#include <sys/socket.h>

#include "base/err.h"
#include "base/span.h"

#define NETWORKS_MAX 32

struct network {
	unsigned char address[16]; /* IPv4 as ::ffff:a.b.c.d; bits behind the prefix are zero */
	unsigned bits;		   /* of the 128 */
};

struct networks {
	struct network of[NETWORKS_MAX];
	int n;
};

/* "10.0.0.0/8", "2001:db8::/32", "192.0.2.7" (a network of one).
 * Bits behind the prefix must be zero. */
int network_parse(struct span text, struct network *) MUST_CHECK;
/* Several, separated by commas or spaces; on failure *bad is the first wrong or excess one. */
int networks_parse(struct span list, struct networks *, struct span *bad) MUST_CHECK;
/* False for anything that is neither IPv4 nor IPv6. */
bool networks_have(const struct networks *, const struct sockaddr *);

#endif
