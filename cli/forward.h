/* cli/forward.h - the streams of a tunnel: requests in, the local target's answers out.
 *
 *   HEAD --a request's head is whole--> COPYING --answered, another head--> COPYING (again)
 *   HEAD, COPYING --server's FIN--> LINGERING
 *   any --no target, or it is gone and all is said--> DRAINING
 *   any --stream done--> freed; its target's connection ends, or waits for another request
 *
 * HEAD: nobody is dialled before it is known who asks for what (cli/rules.h). Bodies and answers
 * are copied as they come; parsers only look on, to know where one request ends. What is not HTTP,
 * or has become something else (101), is copied without looking.
 *
 * LINGERING: the server sends no more; the target's last bytes still go back, until it closes too
 * or falls silent. DRAINING: what comes is dropped and credited; a page or the last bytes go out.
 */
#ifndef WHT_CLI_FORWARD_H
#define WHT_CLI_FORWARD_H

#include "cli/rules.h"
#include "link/link.h"
#include "net/tls.h"

/* What all streams of this client share. */
struct forwarder;

/* An exchange that is over. error: what went wrong, in words; "" if nothing. */
struct exchange_news {
	const char *method, *path, *target, *error;
	int status; /* 0: none was sent */
	uint64_t us, bytes;
};

/* A whole request for the program itself, and what it answers. */
struct program_request {
	const char *method, *path;
	struct span head, body; /* head: as it came */
	struct strb *reply;	/* the whole response; the program adds it */
};

struct forwarder_ops {
	void (*on_exchange)(void *user, const struct exchange_news *);
	void (*on_request)(void *user, struct program_request *); /* of ROUTE_PROGRAM */
};

/* The rules are borrowed; their tls contexts, too. ops may be NULL. */
struct forwarder *forwarder_new(
    struct loop *, const struct rules *, const struct forwarder_ops *, void *user);
/* When the loop has run down. */
void forwarder_free(struct forwarder **);
/* Lets go of connections that wait for a request. */
void forwarder_stop(struct forwarder *);

/* Streams belong to this link from now on; NULL: it is going down. */
void forwarder_set_link(struct forwarder *, struct link *);
/* The server says who its viewers are, and lets none of them say it. */
void forwarder_trust(struct forwarder *, bool trusted);
/* To be called when the last stream is done, from inside one of its callbacks. */
void forwarder_on_idle(struct forwarder *, void (*fn)(void *user), void *user);
size_t forwarder_streams(const struct forwarder *);

/* A new stream. An on_stream of link/link.h. */
bool forwarder_take(struct forwarder *, struct wsmux_stream *, const struct wsmux_stream_ops **,
    void **stream_user);

#endif
