/* edge/admit.h - may this request become a tunnel? Judged from its head alone,
 * then kept for the joining.
 *
 * The order of refusals is the original service's: id, bearer token, upgrade, token, handshake.
 * Nothing that the head said survives outside struct admission.
 */
#ifndef WHT_EDGE_ADMIT_H
#define WHT_EDGE_ADMIT_H

#include "edge/route.h"
#include "link/mux_header.h"
#include "msg/facts.h"
#include "ws/handshake.h"

struct admission {
	struct client_facts client; /* without peer and time: they are the connection's */
	enum header_family family;
	struct mux_offer offer;
	char key[WS_KEY_MAX]; /* Sec-WebSocket-Key, checked */
};

/* R_NONE, and out is filled; or why not. fault: why a token was refused, for the log. */
enum reason admit_judge(const struct http_head *, const struct route *, const struct policy *,
    struct admission *out, enum jwt_fault *fault);

/* The 101 with the URL header of the family and what was agreed on. */
void admit_write_101(struct strb *, const struct admission *, const struct policy *);

#endif
