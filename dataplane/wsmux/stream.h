/* wsmux/stream.h - one ordered, flow-controlled byte pipe inside a session.
 *
 * Pure, like the session (wsmux/session.h), which owns it. You borrow the pointer from
 * wsmux_session_open() or on_stream until on_done returns.
 *
 *   open() --> QUEUED --SYN sent--> OPENING --ACK rx--> OPEN <--taken by on_stream-- SYN rx
 *                 |                    |                 |
 *                 +--------------------+-----------------+-- FINs both ways, abort(), RST rx,
 *                                                        v   no ACK in time, session ended
 *                       gone <--nothing owed-- reap() - DONE
 *                         ^                               |
 *                         +--nothing owed any more-- SHADOW
 *
 *   SYN rx, which on_stream did not take --> BACKLOG --RST rx, session ended--> gone
 *
 * Inside QUEUED, OPENING and OPEN each direction ends on its own:
 *
 *   out   OPEN --fin()---> ENDING --queue empty, FIN sent--> ENDED
 *   in    OPEN --FIN rx--> ENDING --all taken, on_fin------> ENDED      both ENDED: DONE
 *
 * A SHADOW is what remains of an aborted stream, nobody's but the session's: its RST or FIN has yet
 * to go out, or its peer knows no RST and its late bytes are ACKed and dropped for a bounded while,
 * or the peer's writer would wait for ever.
 *
 * With windows agreed, data may follow the SYN at once. A stream stays QUEUED while too
 * many opens are un-ACKed.
 *
 * Credit: the peer may have sent at most what we granted. Bytes count as held from their
 * arrival until wsmux_stream_used(): that call is the one home of back-pressure, made when
 * bytes have left our hands. A stream that is DONE holds nothing: fin() when what it brought has
 * left, or count it elsewhere.
 */
#ifndef WHT_WSMUX_STREAM_H
#define WHT_WSMUX_STREAM_H

#include "base/err.h"
#include "base/reason.h"
#include "base/span.h"

struct wsmux_stream;

/* on_room and on_fin may be NULL. */
struct wsmux_stream_ops {
	/* Bytes from the peer, in order, at most WSMUX_DATA_MAX at a time. Answer how many you
	 * took: the rest is kept and offered again by wsmux_stream_resume(). Called from feed() and
	 * resume(). The bytes live until you return or abort the stream. */
	size_t (*on_data)(void *user, struct span in);
	/* write() had answered short, or full() yes, and half of the queue is free
	 * again. Called from pull(). */
	void (*on_room)(void *user);
	/* The peer sends no more, and everything it sent was taken; we still may. Called from
	 * feed() and resume(), never after an abort. */
	void (*on_fin)(void *user);
	/* The last call, exactly once, from reap() or free(). The stream is gone when it returns.
	 * R_NONE: FINs both ways. Else what abort() was told, why the session ended, what the
	 * peer's RST says (R_STREAM_RESET if nothing that we know), or the session's own verdict:
	 * R_OPEN_TIMEOUT, R_STREAM_MEMORY, R_PROCESS_MEMORY, R_PROTOCOL (data before the ACK). */
	void (*on_done)(void *user, enum reason why);
};

/* Queues bytes for sending; answers how many were taken (0 after fin() or DONE). A short answer
 * means that the queue is full: wait for on_room. */
size_t wsmux_stream_write(struct wsmux_stream *, struct span out) MUST_CHECK;
/* Bytes that write() would take now. */
size_t wsmux_stream_room(const struct wsmux_stream *);
/* Less than half of the queue is free: a source should pause. After a yes, on_room follows. */
bool wsmux_stream_full(struct wsmux_stream *);
/* Bytes written and not yet pulled. */
size_t wsmux_stream_queued(const struct wsmux_stream *);
/* n of the taken bytes left our hands: the peer gets credit for them, a quarter of the window at a
 * time. May be called inside on_data for the bytes it is about to take. */
void wsmux_stream_used(struct wsmux_stream *, size_t n);
/* Offers again what on_data did not take; calls on_data and perhaps on_fin before it returns. Does
 * nothing inside on_data of the same stream. */
void wsmux_stream_resume(struct wsmux_stream *);
/* We send no more; the queue goes out first. Idempotent. */
void wsmux_stream_fin(struct wsmux_stream *);
/* Ends both directions at once; the queue is dropped. To a peer that agreed on rst goes RST(why),
 * to another FIN. on_done(why) follows at the next reap(). Idempotent. */
void wsmux_stream_abort(struct wsmux_stream *, enum reason why);

/* The peer accepted (its ACK came); always true for a stream that it opened. */
bool wsmux_stream_accepted(const struct wsmux_stream *);
uint32_t wsmux_stream_id(const struct wsmux_stream *);
/* Bytes received and not yet used. */
size_t wsmux_stream_held(const struct wsmux_stream *);

#endif
