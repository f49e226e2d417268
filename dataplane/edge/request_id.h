/* edge/request_id.h - the name of one request, in the answer, the log,
 * the client, and `whtctl why`. */
#ifndef WHT_EDGE_REQUEST_ID_H
#define WHT_EDGE_REQUEST_ID_H

#include "base/span.h"
#include "msg/facts.h"

/* One worker's source of names: random at birth, then counting. */
struct request_ids {
	uint64_t next;
};
void request_ids_init(struct request_ids *);

/* The viewer's own, when it is 1 to REQUEST_ID_MAX characters of
 * [A-Za-z0-9._~:+/=-], else a new one. */
void request_id_take(char out[REQUEST_ID_MAX + 1], struct span theirs, struct request_ids *);

#endif
