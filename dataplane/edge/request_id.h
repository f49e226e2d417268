/* edge/request_id.h - the name of one request, in the answer, the log,
 * the client, and `whtctl why`. */
#ifndef WHT_EDGE_REQUEST_ID_H
#define WHT_EDGE_REQUEST_ID_H

#include "base/span.h"
#include "msg/facts.h"

#define REQUEST_ID_DIGITS 16

/* One worker's source of names: hexadecimal digits, random at birth, then counting. */
struct request_ids {
	char next[REQUEST_ID_DIGITS + 1];
};
void request_ids_init(struct request_ids *);

/* The viewer's own, when it is 1 to REQUEST_ID_MAX characters of
 * [A-Za-z0-9._~:+/=-], else a new one. Told is what stands in out. */
struct span request_id_take(char out[REQUEST_ID_MAX + 1], struct span theirs, struct request_ids *);

#endif
