/* wsmux/stream.h - one ordered, flow-controlled byte pipe inside a session.
 *
 * Pure, like the session (wsmux/session.h), which owns it. You borrow the pointer from
 * wsmux_session_open() or on_stream until on_done returns.
 *
 *   QUEUED --SYN sent--> OPENING --ACK--> OPEN --fin()--> HALF_LOCAL --FIN rx--> DONE
 *                                          \---FIN rx--> HALF_REMOTE --fin()---^
 *   any --abort() or RST rx or session ended--> DONE
 *   DONE of an aborted stream whose peer knows no RST leaves a LINGERING shadow in the session: the
 *   peer's late bytes are ACKed and dropped for a bounded while, or its writer would wait for ever.
 *
 * With windows agreed, data may follow the SYN at once; QUEUED means that too many opens are
 * un-ACKed and the SYN waits its turn.
 *
 * Credit: the peer may have sent at most what we granted. Bytes count as held from their arrival
 * until wsmux_stream_used(): that call is the one home of back-pressure, made when bytes have left our hands.
 */
#ifndef WHT_WSMUX_STREAM_H
#define WHT_WSMUX_STREAM_H

#include "base/err.h"
#include "base/reason.h"
#include "base/span.h"

struct wsmux_stream;

struct wsmux_stream_ops {
	/* Bytes from the peer, in order, at most WSMUX_DATA_MAX at a time. Answer how many you took: the
	 * rest is kept and offered again by wsmux_stream_resume(). Called from feed() and resume(). */
	size_t (*on_data)(void *user, struct span in);
	/* write() had answered short; there is room again. Called from pull(). */
	void (*on_room)(void *user);
	/* The peer sends no more, and everything it sent was taken; we still may. Not called after an abort. */
	void (*on_fin)(void *user);
	/* The last call, exactly once, from reap() or free(): R_NONE after FINs both ways, R_STREAM_RESET or
	 * what the peer's RST says, R_OPEN_TIMEOUT, R_STREAM_MEMORY, what abort() was told, or why the session
	 * ended. The stream is gone when it returns. */
	void (*on_done)(void *user, enum reason why);
};

/* Queues bytes for sending; answers how many were taken (0 after fin() or DONE). A short answer means
 * that the queue is full: wait for on_room. */
size_t wsmux_stream_write(struct wsmux_stream *, struct span out) MUST_CHECK;
/* Bytes that write() would take now. */
size_t wsmux_stream_room(const struct wsmux_stream *);
/* Bytes written and not yet pulled. */
size_t wsmux_stream_queued(const struct wsmux_stream *);
/* n of the taken bytes left our hands: the peer gets credit for them (batched). */
void wsmux_stream_used(struct wsmux_stream *, size_t n);
/* Offers again what on_data did not take; calls on_data and perhaps on_fin before it returns. */
void wsmux_stream_resume(struct wsmux_stream *);
/* We send no more; the queue goes out first. Idempotent. */
void wsmux_stream_fin(struct wsmux_stream *);
/* Ends both directions at once; the queue is dropped. To a peer that agreed on rst goes RST(why), to
 * another FIN. on_done(why) follows at the next reap(). Idempotent. */
void wsmux_stream_abort(struct wsmux_stream *, enum reason why);

/* The peer accepted (its ACK came); always true for a stream that it opened. */
bool wsmux_stream_accepted(const struct wsmux_stream *);
uint32_t wsmux_stream_id(const struct wsmux_stream *);
/* Bytes received and not yet used. */
size_t wsmux_stream_held(const struct wsmux_stream *);

#endif
