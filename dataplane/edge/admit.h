/* edge/admit.h - may this request become a tunnel? Judged from its head alone, then kept for the joining.
 *
 * The order of refusals is the original's (../shared/wire-protocol.md, 1): id, bearer token, upgrade,
 * token, handshake. Nothing that the head said survives outside struct admission.
 */
#ifndef WHT_EDGE_ADMIT_H
#define WHT_EDGE_ADMIT_H

#include "auth/jwt.h"
#include "auth/tunnel_id.h"
#include "edge/route.h"
#include "link/mux_header.h"

#define ADMIT_AGENT_MAX 64 /* bytes kept of the client's User-Agent */

struct admission {
	char id[TUNNEL_ID_MAX + 1];
	enum header_family family;
	struct jwt_claims claims;
	struct mux_offer offer;
	char agent[ADMIT_AGENT_MAX + 1];
	char key[32]; /* Sec-WebSocket-Key, checked */
};

/* R_NONE, and out is filled; or why not. fault: why a token was refused, for the log. */
enum reason admit_judge(const struct http_head *, const struct route *, const struct policy *,
	struct admission *out, enum jwt_fault *fault);

/* The 101 with the URL header of the family and what was agreed on. */
void admit_write_101(struct strb *, const struct admission *, const struct policy *);

#endif
