/* edge/failures.h - the last requests that failed on this worker, for `whtctl why`.
 * A ring: the oldest goes. */
#ifndef WHT_EDGE_FAILURES_H
#define WHT_EDGE_FAILURES_H

#include "msg/facts.h"

#define FAILURES_KEPT 512

struct failures {
	struct failure_facts *ring; /* private; NULL until the first */
	size_t next;
};

/* The place for one more, zeroed; the caller fills it in. */
struct failure_facts *failures_next(struct failures *);
/* The newest with that request id, or NULL. */
const struct failure_facts *failures_find(const struct failures *, const char *request);
void failures_free(struct failures *);

#endif
