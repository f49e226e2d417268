/* edge/upstream.h - one stream of a tunnel, as requests use it: for one of them,
 * or kept for the next.
 *
 *   BUSY --upstream_release(keep)--> IDLE --upstream_take--> BUSY
 *    |                                |
 *    | release, abort                 | silence broken, too old
 *    +---------> ENDING <-------------+                       any --stream done--> gone
 *
 * BUSY: an exchange hears of it. IDLE: in the pool; the client's local connection behind it stays
 * open, so that the next request saves a connect and, to a legacy client, a round trip. A byte or a
 * FIN from an idle stream makes it unfit. ENDING: nobody's; what still comes is swallowed and
 * credited, for a bounded while: a client that does not end its half is told that it is over.
 *
 * Owner: the pool, which is the tunnel's. Thread: the worker's.
 */
#ifndef WHT_EDGE_UPSTREAM_H
#define WHT_EDGE_UPSTREAM_H

#include "link/link.h"

#define UPSTREAM_IDLE_MAX 256 /* of one tunnel */

struct upstream;

struct upstream_bounds {
	uint64_t reuse_ms;     /* 0: none is kept */
	uint64_t linger_ms;    /* of ENDING */
	uint64_t linger_bytes; /* the same, in late bytes */
};

struct upstream_pool {
	struct loop *loop; /* private, like the rest */
	struct link *link;
	TAILQ_HEAD(, upstream) idle;
	size_t nidle;
	struct upstream_bounds bounds;
	size_t stalled; /* read-only: upstreams whose viewer does not take what is there */
};

struct upstream_ops {
	/* As in wsmux/stream.h. */
	size_t (*on_data)(void *user, struct span in);
	void (*on_room)(void *user);
	void (*on_fin)(void *user);
	/* The stream is lost; the upstream is gone when this returns. */
	void (*on_lost)(void *user, enum reason why);
};

void upstream_pool_init(
    struct upstream_pool *, struct loop *, struct link *, const struct upstream_bounds *);

/* An idle one if there is one and reuse is allowed, else a new stream;
 * NULL when the session takes no more. */
struct upstream *upstream_take(
    struct upstream_pool *, bool reuse, const struct upstream_ops *, void *user);
/* True until the first take is over: this is a stream on which nothing was asked before. */
bool upstream_fresh(const struct upstream *);
struct wsmux_stream *upstream_stream(struct upstream *);
/* The exchange does not take what the client sends, or takes it again. */
void upstream_stall(struct upstream *, bool stalled);
/* The exchange is through, and has used() what it took: keep it for the next request, or end it. */
void upstream_release(struct upstream **, bool keep);
/* The exchange gives up: the client is told why. */
void upstream_abort(struct upstream **, enum reason why);

#endif
