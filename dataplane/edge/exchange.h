/* edge/exchange.h - one request and its response, between a viewer's connection and an upstream.
 *
 *   request   BODY --exchange_request_end--> SENT
 *   response  HEAD --final head--> BODY --end--> WHOLE --all of it left--> on_done(R_NONE)
 *               \--101 to an upgrade--> RAW --FIN--^
 *   any --malformed, too late; before WHOLE also: upstream lost--> on_done(why)
 *
 * RAW: bytes both ways, until the client ends its half. When the viewer ended first, the client
 * may be silent for body_timeout at most.
 *
 * The exchange writes the response to the viewer's conn itself; the viewer feeds it the request and
 * says what left for the socket: there, and only there, credit goes back to the client. And so it
 * lasts until its last byte has left: who waits for a slow viewer, and for how long, is said here.
 *
 * Owner: the viewer; it is freed by on_done (when that returns) or by exchange_abort. Nothing is
 * called back from inside exchange_begin and exchange_abort.
 */
#ifndef WHT_EDGE_EXCHANGE_H
#define WHT_EDGE_EXCHANGE_H

#include "edge/forward.h"
#include "edge/upstream.h"
#include "http/parse.h"
#include "msg/metric.h"

struct exchange;

struct exchange_ops {
	/* The request may go on: exchange_room() is not 0 any more. */
	void (*on_room)(void *user);
	/* The last call. R_NONE: the response is complete, and keep says that another
	 * request may follow it on this connection. Else exchange_answered() says whether
	 * the viewer has seen a head. */
	void (*on_done)(void *user, enum reason why, bool keep);
	/* The final response head, before it is sent: answers the one
	 * to send. NULL: R_HOOK_FAILED. */
	const struct http_head *(*on_head)(void *user, const struct http_head *);
};

struct exchange_begin {
	struct loop *loop;
	struct conn *conn; /* the viewer's */
	struct upstream_pool *pool;
	const struct limits *limits;
	const struct http_limits *http_limits;
	struct worker_metrics *metrics;
	const struct forward_request *request;
	bool close; /* the viewer's connection ends behind the response, whatever it says */
	const struct exchange_ops *ops;
	void *user;
};

/* The head goes out. NULL, and why, when it cannot. */
struct exchange *exchange_begin(const struct exchange_begin *, enum reason *why);

/* Bytes of body input that may be given now; 0: wait for on_room. Behind a WHOLE response they are
 * dropped: nobody waits for them. */
size_t exchange_room(struct exchange *);
void exchange_body(struct exchange *, struct span data);
void exchange_trailer(struct exchange *, struct http_field);
void exchange_request_end(struct exchange *);
/* RAW: the viewer's bytes; answers how many were taken. */
size_t exchange_raw(struct exchange *, struct span in);
/* RAW: the viewer sends no more. */
void exchange_raw_eof(struct exchange *);
bool exchange_is_raw(const struct exchange *);

/* n bytes left for the viewer's socket; the queue fell low; nothing is queued any more. */
void exchange_on_sent(struct exchange *, size_t n);
void exchange_on_drain(struct exchange *);
void exchange_on_empty(struct exchange *);
/* The viewer's connection ends behind the response after all. */
void exchange_close_behind(struct exchange *);

/* The viewer has seen a response head. */
bool exchange_answered(const struct exchange *);
/* The response so far cannot be told from a complete one by its framing:
 * only a reset shows the break. */
bool exchange_ends_by_close(const struct exchange *);
/* What a complete response said of itself: the client answered in place of its
 * target, and why; else R_NONE. */
enum reason exchange_client_fault(const struct exchange *);
int exchange_status(const struct exchange *);
uint64_t exchange_bytes(const struct exchange *); /* of response body, or raw, so far */

/* The viewer gives up: the client is told why. Frees; on_done does not follow. */
void exchange_abort(struct exchange **, enum reason why);

#endif
