/* edge/forward.h - the heads that we send on: a viewer's request to a client, a client's response
 * to a viewer. Pure; framing and who-said-what are always ours (http/write.h drops what is not). */
#ifndef WHT_EDGE_FORWARD_H
#define WHT_EDGE_FORWARD_H

#include "base/strb.h"
#include "edge/route.h"
#include "http/head.h"
#include "msg/facts.h"

struct forward_request {
	const struct http_head *head;
	const struct route *route;
	enum header_family family; /* of the tunnel */
	const struct policy *policy;
	const struct sockaddr *peer; /* the viewer, ... */
	struct span peer_host;	     /* the same as text */
	bool tls;		     /* it came by https */
	bool upgrade;		     /* to be passed through */
	struct span request_id;
};

/* May this request be passed through as an upgrade? A GET without a body, and nothing
 * that would change the protocol under HTTP itself (h2c, TLS: the Upgrade is dropped
 * and the request goes on). */
bool forward_is_upgrade(const struct http_head *);

void forward_write_request(struct strb *, const struct forward_request *);

struct forward_response {
	const struct http_head *head;
	bool to_http10, to_head; /* the viewer's request */
	bool close;    /* the viewer's connection ends behind it; not said by an interim one */
	bool upgraded; /* a 101 that answers an upgrade */
	struct span request_id;
};

/* How the body goes to the viewer. */
enum http_framing forward_framing(const struct http_head *, bool to_http10);
void forward_write_response(struct strb *, const struct forward_response *);

#endif
