/* edge/viewer.h - one connection from outside, from accept to close: requests in, answers out.
 *
 *                     +------- response done, keep-alive -------+
 *                     v                                         |
 *   HANDSHAKE -TLS-> IDLE --first byte--> HEAD --a tunnel's--> BUSY (an exchange)
 *                     ^                    |
 *                     +-- answered by us --+--body for the script--> GATHERING --all in--> HEAD
 *                                          +--script--> WAITING --turn over--> as from HEAD
 *                                          +--other worker's--> MOVING --conn empty--> posted away
 *                                          +--registration--> ADMITTING --row on disk--> a tunnel's
 *
 *   any --viewer_end, or an answer said close--> ENDING --conn gone--> freed
 *
 * Freed too, at once: one that was posted away, or whose connection is a tunnel's now.
 *
 * A connection begins on the worker that the kernel chose, and moves to the worker that owns the id
 * it names; there it is a new viewer, which reads the kept bytes again. BUSY: the next request
 * stays in the conn, unread, until the response is done; answers are in order by construction.
 */
#ifndef WHT_EDGE_VIEWER_H
#define WHT_EDGE_VIEWER_H

#include "edge/worker.h"

/* Takes an accepted descriptor. */
void viewer_accept(struct worker *, int fd);
/* Takes a connection that another worker gave, and what was decided about its first request. */
void viewer_adopt(struct worker *, struct conn_bundle **, struct decision **);
/* The next one of its worker's list. */
struct viewer *viewer_next(struct viewer *);
/* Of a worker, once each. */
void viewers_wait_init(struct worker *);
void viewers_wait_done(struct worker *);
/* Finishes what it is at, and takes no further request;
 * one that has not asked yet may do so now. */
void viewer_drain(struct viewer *);
/* The one end that is not a complete response: answers by the reason's status where
 * nothing was answered yet, else breaks the response off visibly; counts, logs.
 * The viewer is freed on a later turn. */
void viewer_end(struct viewer *, enum reason why);

#endif
