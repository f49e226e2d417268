/* edge/reply.h - the answers that are our own: refusals by the reason table,
 * and the service's few pages. */
#ifndef WHT_EDGE_REPLY_H
#define WHT_EDGE_REPLY_H

#include "edge/route.h"
#include "lua/vm.h"
#include "net/conn.h"

/* "<status> <phrase>: <the reason's sentence>", with x-webhooktunnel-error: <word>, and
 * x-request-id unless that is empty. */
void reply_reason(
    struct conn *, enum reason why, struct span request_id, bool close, bool head_only);
/* What the operator's script answers: a denial with its reason, or an answer of its own. */
void reply_verdict(
    struct conn *, const struct lua_verdict *, struct span request_id, bool close, bool head_only);
/* A heartbeat, the version, or OPTIONS *. */
void reply_local(struct conn *, enum route_kind, bool close, bool head_only);
/* One attempt to say 503 on a descriptor that nobody will serve, and closes it. */
void reply_busy(int fd, bool tls);

#endif
