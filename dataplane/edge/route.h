/* edge/route.h - what a request head asks for: pure, from the head and the policy.
 *
 * In order: an absolute-form target's authority stands for Host (RFC 9112, 3.2.2); with TLS,
 * <id>.<hostname> names a tunnel; else the path says: "/" with an id header is a registration,
 * "/__..." is ours, "/<id>..." a tunnel; anything else is not found.
 */
#ifndef WHT_EDGE_ROUTE_H
#define WHT_EDGE_ROUTE_H

#include "base/reason.h"
#include "http/head.h"
#include "msg/policy.h"

enum route_kind {
	ROUTE_REFUSED,	/* why says how to answer */
	ROUTE_REGISTER, /* id */
	ROUTE_TUNNEL,	/* id, path, host */
	ROUTE_HEARTBEAT,
	ROUTE_VERSION,
	ROUTE_OPTIONS, /* OPTIONS * */
};

/* The two sets of header names: the original's, and its successor's. */
enum header_family { FAMILY_WEBHOOKTUNNEL, FAMILY_WEBSOCKTUNNEL };

/* The spans point into the head. */
struct route {
	enum route_kind kind;
	enum reason why;
	struct span id;
	bool by_host;		   /* TUNNEL: the id was a host's, where case means nothing */
	enum header_family family; /* REGISTER */
	/* What the client gets, byte-exact; a '/' goes before it unless it has one. */
	struct span path;
	struct span original; /* the path as the viewer sent it, without a query */
	struct span host;     /* the authority that the viewer named */
};

struct route route_of(const struct http_head *, const struct policy *);
/* The authority and the target that the viewer named. */
void route_asked(const struct http_head *, struct span *host, struct span *target);
/* Is it the service's own name, whatever the port? */
bool route_host_is_ours(struct span host, const struct policy *);
/* Is it answered here, for anybody? */
bool route_is_ours(const struct route *);
/* Would the operator's script be asked where that goes? A tunnel's, or nobody's; not what is ours. */
bool route_is_for_script(const struct route *);
/* To that tunnel, under that path, whatever the head says. */
struct route route_to(const struct http_head *, struct span id, struct span path);

/* The names that differ between the families. */
struct span family_url_header(enum header_family);
struct span family_path_header(enum header_family);

#endif
