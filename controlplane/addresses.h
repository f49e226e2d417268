/* controlplane/addresses.h - where to listen, worked out before anything is bound.
 *
 * The hard thing is PORT=0: every address must get the same port, and URLs that name it
 * are made before a worker listens. So the port is reserved first, by a socket that is
 * bound and never listens.
 */
#ifndef WHT_CONTROLPLANE_ADDRESSES_H
#define WHT_CONTROLPLANE_ADDRESSES_H

#include "controlplane/config.h"
#include "edge/edge.h"

struct addresses {
	struct sockaddr_storage of[EDGE_LISTEN_MAX];
	int n;
	uint16_t port; /* the one that PORT means */
	int reserved;  /* private */
};

/* standard: the port when PORT is not set; usual: the addresses when WHT_LISTEN is not set. What is
 * wrong is in the report. */
void addresses_plan(struct addresses *, const struct config *, uint16_t standard, const char *usual,
    struct report *);
/* Once the workers listen, or will not. */
void addresses_release(struct addresses *);

#endif
